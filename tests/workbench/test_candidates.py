"""Every shipped candidate loads and is what it says; every unknown key is refused."""

from pathlib import Path

import pytest
import yaml

from workbench.candidate import APPROACHES, Candidate, Prompt, Retrieval
from workbench.case import presets
from workbench.errors import ConfigError
from workbench.stage import Lora, Sft

PRESETS = sorted((Path(__file__).parents[2] / "recipes" / "presets").glob("*.yaml"))


def test_there_are_presets_of_every_approach() -> None:
    assert {candidate.approach for candidate in presets().values()} == set(APPROACHES)
    assert len(PRESETS) == len(presets()) >= 6


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_one_candidate_named_as_its_file(path: Path) -> None:
    candidate = Candidate.load(path)
    assert candidate.name == path.stem
    assert candidate.description.endswith(".")


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_candidate_survives_its_yaml(path: Path) -> None:
    candidate = Candidate.load(path)
    assert Candidate.parse(yaml.safe_load(candidate.to_yaml()), where="again") == candidate


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"name": "x", "temprature": 1}, "temprature: unknown key"),
        ({"name": "x", "prompt": {"shots": 3}}, "prompt.shots: unknown key"),
        ({"name": "x", "retrieval": {"passages": 0}}, "retrieval.passages"),
        ({"name": "x", "training": [{"method": "magic"}]}, "training.0.method: must be one of 'cpt', 'sft'"),
        ({"name": "x", "training": [{"epochs": 2}]}, "training.0.method: missing"),
        (
            {"name": "x", "training": [{"method": "sft"}, {"method": "sft", "adapter": {"kind": "qlora"}}]},
            "can only be in the first stage",
        ),
        (
            {
                "name": "x",
                "training": [
                    {"method": "sft", "adapter": {"kind": "qlora"}},
                    {"method": "sft", "adapter": {"kind": "full"}},
                ],
            },
            "can't be trained in full",
        ),
        ({"name": "x", "training": [{"method": "sft", "adapter": {"kind": "lora", "bits": 4}}]}, "bits: unknown key"),
        ({"name": "Bad Name"}, "name"),
        ({}, "name"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(broken: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Candidate.parse(broken, where="candidate.yaml")
    assert named in caught.value.message
    assert "candidate.yaml" in caught.value.message
    assert caught.value.hint


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Candidate.parse({"name": "x", "one": 1, "two": 2, "decoding": {"temperature": -1}}, where="candidate.yaml")
    assert all(part in caught.value.message for part in ("one", "two", "decoding.temperature"))


@pytest.mark.parametrize("shots", [0, 3])
@pytest.mark.parametrize("retrieval", [None, Retrieval()])
@pytest.mark.parametrize("training", [(), (Sft(),), (Sft(), Sft(adapter=Lora(rank=4)))])
def test_the_approach_follows_from_the_parts(
    shots: int, retrieval: Retrieval | None, training: tuple[Sft, ...]
) -> None:
    candidate = Candidate(name="x", prompt=Prompt(examples=shots), retrieval=retrieval, training=training)
    expected = {
        (False, False): "prompting",
        (True, False): "RAG",
        (False, True): "fine-tuning",
        (True, True): "RAG + fine-tuning",
    }[retrieval is not None, bool(training)]
    assert candidate.approach == expected
