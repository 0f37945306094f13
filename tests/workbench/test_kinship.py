"""Whether a judge may help: its family, and what it taught."""

import pytest

from workbench.candidate import Candidate
from workbench.kinship import families, kin
from workbench.stage import Dpo, Drawn, Grpo, Judge, Sft


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", {"qwen"}),
        ("Qwen/QwQ-32B", {"qwen"}),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", {"deepseek", "qwen"}),
        ("openai:gpt-4o-mini", {"gpt"}),
        ("o3-mini", {"gpt"}),
        ("chat-o1", {"chat"}),
        ("meta-llama/Llama-3.2-1B", {"llama"}),
        ("google/gemma-3-4b-it", {"gemini"}),
        ("gpt-4.1 (a3f9c2)", {"gpt"}),
        ("/models/qwen3-8b/", {"qwen"}),
        ("pocket", {"pocket"}),
        ("acme/support-7b", {"support"}),
    ],
)
def test_a_name_tells_the_family(model: str, family: set[str]) -> None:
    assert families(model) == family


def candidate(name: str, base: str | None = "pocket", **how: object) -> Candidate:
    return Candidate.model_validate({"name": name, "base_model": base} | how)


def test_a_judge_of_a_candidates_family_is_refused() -> None:
    both = [candidate("small", "Qwen/Qwen3-0.6B"), candidate("other", "meta-llama/Llama-3.2-1B")]
    assert "family of small (qwen)" in kin("Qwen/Qwen3-32B", both)
    assert "family of other" in kin("llama-3.3-70b", both)
    assert kin("gpt-4o", both) == ""
    assert kin("toy", [candidate("a"), candidate("b")]) == ""


def test_a_judge_that_taught_a_candidate_is_refused() -> None:
    graded = candidate("grpo", training=[Grpo(judge=Judge(model="gpt-4o")).model_dump()])
    drawn = candidate("rlaif", training=[Sft().model_dump(), Dpo(pairs=Drawn(judge=Judge(model="big"))).model_dump()])
    assert "grpo was trained on what gpt-4o likes" in kin("gpt-4.1", [candidate("a"), graded])
    assert "rlaif" in kin("big", [candidate("a"), drawn])
    assert kin("claude-haiku", [graded, drawn]) == ""


def test_answers_from_elsewhere_are_known_by_their_name_alone() -> None:
    imported = Candidate.model_validate({"name": "gpt-4o", "imported": {"approach": "prompting", "answers": ["abc"]}})
    assert "family of gpt-4o" in kin("gpt-4.1", [imported, candidate("a")])
