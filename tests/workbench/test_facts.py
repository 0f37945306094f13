"""Hard facts: where requests go, licences, sources and deletion, as limits that no measurement changes."""

from pathlib import Path

import numpy as np
import pytest

from tests.workbench.test_recommend import assert_sound, case
from workbench.candidate import Candidate, Hosted, Imported, Retrieval
from workbench.cost import Measured
from workbench.facts import Facts, facts_of, is_own, licence_of
from workbench.limits import check_limits
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.stage import Cpt, Helper, Sft
from workbench.usecase import Limits, Money

ALL = Limits(data_stays=True, licences=("apache 2.0", "MIT"), must_cite=True, must_be_deletable=True)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://10.3.4.5/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("http://llm.corp.internal/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://localhost.example.com/v1", False),
        ("http://134744072/v1", False),
        ("http://0x08080808/v1", False),
        ("http://203.0.113.5/v1", False),
    ],
)
def test_whose_machine_an_address_is(url: str, own: bool) -> None:
    assert is_own(url) is own


def test_facts_follow_from_what_a_candidate_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    plain = facts_of(Candidate(name="zero-shot", base_model="pocket"))
    assert plain == Facts(leaves=False, licences=("Apache-2.0",), cites=False, deletable=True)
    hosted = facts_of(Candidate(name="api", base_model="openai:gpt", retrieval=Retrieval()))
    assert (hosted.leaves, hosted.goes_to, hosted.licences, hosted.cites) == (True, "api.openai.com", None, True)
    here = Hosted(endpoint="http://localhost:8000/v1")
    assert facts_of(Candidate(name="served", base_model="openai:gpt", hosted=here)).leaves is False
    ours = Hosted(endpoint="https://llm.example.com/v1", ours=True)
    assert facts_of(Candidate(name="served", base_model="openai:gpt", hosted=ours)).leaves is False
    trained = facts_of(Candidate(name="sft", base_model="pocket", training=(Sft(),)))
    assert trained.deletable is False
    helper = Helper(model="big", endpoint="https://api.example.com/v1")
    told = Cpt(paraphrases=2, paraphraser=helper)
    assert facts_of(Candidate(name="cpt", base_model="pocket", training=(told,))).goes_to == "api.example.com"
    both = Candidate(name="cpt", base_model="pocket", training=(told,), hosted=Hosted(ours=True))
    assert facts_of(both).leaves is True, "what is said of the endpoint of a hosted base says nothing of a helper's"
    elsewhere = Imported(approach="RAG + fine-tuning", answers=("x",))
    assert facts_of(Candidate(name="theirs", imported=elsewhere)) == Facts(cites=True, deletable=False)


def test_a_licence_is_what_the_models_card_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert licence_of(str(tmp_path)) is None
    (tmp_path / "README.md").write_text("---\nlicense: other\nlicense_name: house-licence\n---\n# Model\n")
    assert licence_of(str(tmp_path)) == "house-licence"
    (tmp_path / "README.md").write_text("---\nlicense: [unclosed\n---\n")
    assert licence_of(str(tmp_path)) is None
    assert licence_of("openai:gpt") is None
    assert licence_of("nobody/knows") is None


@pytest.mark.parametrize(
    ("facts", "statuses"),
    [
        (Facts(leaves=False, licences=("Apache-2.0",), cites=True, deletable=True), ["pass"] * 4),
        (Facts(leaves=True, goes_to="api.x", licences=("GPL-3.0",), cites=False, deletable=False), ["fail"] * 4),
        (Facts(), ["unsure"] * 4),
    ],
)
def test_facts_are_held_against_the_limits(facts: Facts, statuses: list[str]) -> None:
    checks = check_limits("x", Measured(facts=facts), case().model_copy(update={"limits": ALL}))
    assert [one.status for one in checks] == statuses
    assert [one.limit for one in checks] == ["data stays", "licence", "sources", "deletion"]
    assert all(one.settle and one.relax for one in checks)
    assert not check_limits("x", Measured(facts=facts), case())


def decided(limits: Limits, facts: dict[str, Facts]) -> Recommendation:
    rng = np.random.default_rng(0)
    items = tuple(f"i{n}" for n in range(400))
    scores = {"zero-shot": 0.5, "api": 0.9, "sft": 0.8}
    approaches = {"zero-shot": "prompting", "api": "prompting", "sft": "fine-tuning"}
    panel = Panel(
        tuple(
            Scores(name, approaches[name], name == "sft", (rng.random((1 + (name == "sft"), 400)) < mean).astype(float))  # type: ignore[arg-type]
            for name, mean in scores.items()
        ),
        items, items, "exact_match",
    )  # fmt: skip
    measured = {
        name: Measured(facts=facts.get(name, Facts(leaves=False, deletable=True, cites=False))) for name in scores
    }
    found = recommend(case().model_copy(update={"limits": limits}), panel, measured, rng=rng)
    assert_sound(found)
    return found


def test_the_best_that_may_not_be_used_is_out_with_its_reason() -> None:
    away = {"api": Facts(leaves=True, goes_to="api.openai.com", deletable=True)}
    assert decided(Limits(), away).choice == "api"
    kept = decided(Limits(data_stays=True), away)
    assert kept.choice == "sft"
    assert "api.openai.com" in kept.ruled_out[0].figure
    assert any("but fails: data stays: it sends" in reason.text for reason in kept.reasons)
    nobody = decided(Limits(must_cite=True), {})
    assert nobody.choice is None
    assert nobody.ground == "limits" or "None of the candidates keeps your limits" in nobody.headline
    assert nobody.next_step == "Give it retrieval, or lift this limit."
    unknown = decided(Limits(data_stays=True), {"api": Facts()})
    assert unknown.strength != "clear" or unknown.choice != "api"


def test_idle_time_of_the_machine_is_paid_for() -> None:
    busy = case().model_copy(update={"machine_cost_per_hour": 2.0})
    idle = busy.model_copy(update={"money": Money(utilisation=0.25)})
    assert busy.answering_hour == 2.0
    assert idle.answering_hour == 8.0
    limit = {"limits": Limits(max_cost_per_1000=1.0)}
    measured = Measured(seconds=(1.0, 1.01) * 50)
    assert check_limits("x", measured, busy.model_copy(update=limit))[0].status == "pass"
    assert check_limits("x", measured, idle.model_copy(update=limit))[0].status == "fail"


def test_what_an_endpoint_had_in_its_cache_is_cheaper() -> None:
    hosted = Hosted(input_price=1.0, output_price=2.0, cached_price=0.1)
    assert hosted.cost(1000, 100) == pytest.approx(0.0012)
    assert hosted.cost(1000, 100, cached=800) == pytest.approx(0.00048)
    assert Hosted(input_price=1.0, output_price=2.0).cost(1000, 100, cached=800) == pytest.approx(0.0012)
