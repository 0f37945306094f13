"""Which steps are done together, which side by side, and which alone."""

from pathlib import Path

import pytest

from tests.toys import finish, toy_case
from workbench import cores
from workbench.case import Case, presets
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.provenance import provenance
from workbench.waves import next_wave, side_by_side


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    case: Case = toy_case(tmp_path, "ticket-json", "shop-tickets")
    case.save(case.use_case.model_copy(update={"seeds": 2}))
    found = make_plan(case, [presets()[name] for name in ("zero-shot", "sft", "qlora")])
    found.write()
    return found


def names(plan: Plan, engine: str) -> list[str]:
    wave = next_wave(plan, plan.unfinished())
    assert wave is not None
    assert wave[0] == engine
    return wave[1]


def test_trainings_go_side_by_side_and_what_is_timed_comes_after_them_alone(plan: Plan) -> None:
    wave = names(plan, "recipes")
    lanes = side_by_side(plan, wave, most=2)
    assert len(lanes) == 2
    first = [name for lane in lanes for name in lane]
    assert len(set(first)) == len(first)
    assert not any(plan.steps[name].inputs.get("timed") for name in first)
    assert sum(plan.steps[name].kind == "train" for name in first) == 4
    assert abs(len(lanes[0]) - len(lanes[1])) <= 1
    for lane in lanes:
        seen: set[str] = set()
        for name in lane:  # What a step needs comes before it, in its own lane.
            assert set(plan.steps[name].needs.values()) <= seen
            seen.add(name)
    used = provenance(("torch",))
    for name in first:
        finish(plan, name, used=used)
    later = side_by_side(plan, names(plan, "recipes"), most=2)
    assert len(later) == 1
    assert all(plan.steps[name].inputs.get("timed") for name in later[0])
    assert {*first, *later[0]} == set(wave)


def test_one_lane_keeps_the_order(plan: Plan) -> None:
    wave = names(plan, "recipes")
    (lane,) = side_by_side(plan, wave, most=1)
    assert lane == [name for name in wave if name in lane]


def test_small_models_get_a_core_each_and_large_ones_the_machine(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = names(plan, "recipes")
    monkeypatch.setattr(cores.shutil, "which", lambda name: None)
    monkeypatch.setattr(cores, "_cores", lambda: 4)
    monkeypatch.setattr(cores, "_free_memory", lambda: 64 * 1024**3)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert cores.lanes(plan, wave) == 4
    assert cores.threads(plan, wave) == {"OMP_NUM_THREADS": "1"}
    monkeypatch.setattr(cores, "_free_memory", lambda: 5 * 1024**3)
    assert cores.lanes(plan, wave) == 2
    monkeypatch.setattr(cores, "SMALL_BYTES", 1)
    assert cores.lanes(plan, wave) == 1
    assert cores.threads(plan, wave) == {}
    monkeypatch.undo()
    monkeypatch.setattr(cores.shutil, "which", lambda name: f"/usr/bin/{name}")  # There is a GPU.
    assert cores.lanes(plan, wave) == 1
