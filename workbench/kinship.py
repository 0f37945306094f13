"""Whether a judge may help: not where it would judge its own kind, or what it taught itself."""

import re
from collections.abc import Sequence

from workbench.base_models import hosted_name
from workbench.candidate import Candidate
from workbench.phrases import listed
from workbench.stage import Drawn, Grpo, Judge, Preferences, Tuned

FAMILIES = {
    "claude": "claude",
    "codestral": "mistral",
    "command": "command",
    "davinci": "gpt",
    "deepseek": "deepseek",
    "falcon": "falcon",
    "gemini": "gemini",
    "gemma": "gemini",
    "glm": "glm",
    "gpt": "gpt",
    "granite": "granite",
    "grok": "grok",
    "kimi": "kimi",
    "llama": "llama",
    "magistral": "mistral",
    "ministral": "mistral",
    "mistral": "mistral",
    "mixtral": "mistral",
    "nova": "nova",
    "olmo": "olmo",
    "phi": "phi",
    "pixtral": "mistral",
    "qvq": "qwen",
    "qwen": "qwen",
    "qwq": "qwen",
    "smollm": "smollm",
    "yi": "yi",
}
"""Words in the names of models, and the family that they tell of; its makers train its members on much the same."""
_REASONERS = re.compile(r"o[1-9]\b")


def families(model: str) -> frozenset[str]:
    """The families that a model's name tells of; where it tells of none that is known, its first word."""
    name = (hosted_name(model) or model).rstrip("/").rsplit("/", 1)[-1].lower()
    words = re.findall(r"[a-z]+", name)
    found = {FAMILIES[word] for word in words if word in FAMILIES}
    if _REASONERS.match(name):
        found.add("gpt")
    return frozenset(found or words[:1] or [name])


def kin(judge: str, candidates: Sequence[Candidate]) -> str:
    """Why a judge may not help to decide between candidates, as a sentence; empty where it may.

    A model prefers answers like its own (Panickssery et al. 2024), and a candidate that was trained on a judge's grades
    has learned what pleases it. People's labels correct that on average, yet nobody should have to rely on it.
    """
    own = families(judge)
    related = [one.name for one in candidates if own & families(one.base_model or one.name)]
    if related:
        kind = listed(sorted(own))
        return f"It is of the family of {listed(related)} ({kind}), and models prefer answers like their own."
    for one in candidates:
        for grader in graders(one):
            if own & families(grader):
                return f"{one.name} was trained on what {grader} likes, so it has learned to please this judge."
    return ""


def graders(candidate: Candidate) -> tuple[str, ...]:
    """The models whose grades or choices a candidate is trained on."""
    found = [judge for stage in candidate.training if (judge := judge_of(stage)) is not None]
    return tuple(judge.model for judge in found)


def judge_of(stage: Tuned) -> Judge | None:
    """The judge by whose grades or choices a stage trains; None where there is none."""
    if isinstance(stage, Preferences):
        return stage.pairs.judge if isinstance(stage.pairs, Drawn) else None
    return stage.judge if isinstance(stage, Grpo) else None
