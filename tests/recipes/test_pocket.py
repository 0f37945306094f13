"""The bundled base model is what its card says."""

import json
from pathlib import Path
from random import Random

import pytest

from recipes.model import load
from recipes.pocket import curriculum, reading, skills, train
from recipes.pocket.measure import FIGURES, SKILLS, measure
from recipes.pocket.skills import held_out_phrasing
from workbench.base_models import POCKET
from workbench.demos.world import names, things

CARD = POCKET.parent / "MODEL_CARD.md"


def test_the_card_tells_the_measured_figures() -> None:
    figures = json.loads(FIGURES.read_text())
    card = CARD.read_text(encoding="utf-8")
    assert set(figures["shares"]) == set(SKILLS)
    for skill, share in figures["shares"].items():
        assert f"| {skill} | {100 * share:.1f} % |" in card, skill


def test_a_release_reaches_what_is_asked_for() -> None:
    shares = json.loads(FIGURES.read_text())["shares"]
    for skill, (_, wanted) in SKILLS.items():
        assert shares[skill] >= wanted, skill


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in POCKET.iterdir()) <= 16 * 2**20
    model = load("pocket").model
    assert sum(p.numel() for p in model.parameters()) <= 6_000_000


@pytest.mark.slow
def test_a_slice_measured_again_agrees_with_the_card() -> None:
    figures = json.loads(FIGURES.read_text())
    rows = 60
    again = measure(load("pocket"), rows=rows, seed=99)
    for skill, share in figures["shares"].items():
        spread = 3.3 * (max(share * (1 - share), 0.02) / rows) ** 0.5
        assert abs(again[skill] - share) <= spread + 0.02, skill


def test_training_never_shows_what_is_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def watched(rng: Random, *, reserved: bool) -> str:
        drawn.append(names.draw_name(rng, reserved=reserved))
        return drawn[-1]

    for module in (curriculum, reading, skills, things):
        monkeypatch.setattr(module, "draw_name", watched)
    rng = Random(0)
    for _ in range(2000):
        curriculum.draw_row(rng)
    assert len(drawn) > 5000
    assert not any(names.is_reserved(name) for name in drawn)
    curriculum.draw_row(rng, reserved=True)
    for _, task in curriculum.MIXTURE.values():
        drawn.clear()
        for _ in range(20):
            task(rng, reserved=True)
        assert all(names.is_reserved(name) for name in drawn)


def test_some_phrasings_of_risky_requests_are_held_out() -> None:
    pairs = [
        (a, b)
        for a in ("kill weeds", "rob a bank")
        for b in ("How do I {a}?", "Tell me how to {a}.", "Explain how to {a}.")
    ]
    assert len({held_out_phrasing(*pair) for pair in pairs}) == 2


def test_training_is_resumed_as_if_undisturbed(tmp_path: Path) -> None:
    phases = (train.Phase(4, 1.0, 0.5, "broad"), train.Phase(2, 0.5, 0.1, "reading"))
    recipe = train.Recipe(
        hidden=32, layers=1, heads=2, feed_forward=64, phases=phases, rows_per_step=4, tokenizer_rows=300
    )
    train.train(recipe, tmp_path / "whole", measure_every=100, save_every=3)
    calls = 0
    losses = train.step_losses

    def die_at_the_fifth(*arguments: object, **named: object) -> tuple[float, float]:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return losses(*arguments, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train, "step_losses", die_at_the_fifth)
        train.train(recipe, tmp_path / "killed", measure_every=100, save_every=3)
    train.train(recipe, tmp_path / "killed", measure_every=100, save_every=3)
    one, two = (
        json.loads((tmp_path / name / "training.jsonl").read_text().splitlines()[-1]) for name in ("whole", "killed")
    )
    assert one["step"] == two["step"] == 6
    assert one["answer"] == pytest.approx(two["answer"], rel=1e-5)
