"""What a stage of training will hold in memory, told from a model's config.json alone."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from workbench.base_models import local_folder
from workbench.errors import ConfigError, NotFound
from workbench.model import Noun
from workbench.stage import (
    Distill,
    Full,
    Grpo,
    LowRank,
    Preferences,
    Qlora,
    Reinforced,
    Rlhf,
    Stage,
    Trained,
    parse_stage,
)
from workbench.workspace import known_steps

GIGABYTE = 2**30
NF4_BYTES = 0.516
"""Of a weight in 4 bits with its doubly quantised scales: 4 bits + 0.127 (Dettmers et al. 2023, section 3)."""
ADAM_BYTES = 16
"""Of a trained weight: itself, its gradient and two moments in float32, under mixed precision or without."""
FUSED_TOKENS = 1024
"""Tokens whose logits are held at once where head and loss are joined, as the trainers do on a GPU."""
FRAGMENTS = 0.07
"""Share that is lost to gaps between tensors."""
FITS, TIGHT = 0.75, 1.0
"""Shares of the memory up to which a forecast of this kind is called safe, and possible."""
Badge = Literal["fits", "tight", "exceeds"]
Way = Literal["full", "lora", "qlora"]
WAYS: tuple[Way, ...] = ("full", "lora", "qlora")


class Shape(Noun):
    """The shape of a decoder with gated feed-forward layers, as Llama, Qwen, Mistral and Gemma are."""

    layers: int = Field(gt=0)
    width: int = Field(gt=0)
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_width: int = Field(gt=0)
    inner: int = Field(gt=0)
    """Width of the feed-forward layers."""
    vocabulary: int = Field(gt=0)
    tied: bool = False
    """Whether the head shares the embeddings' weights."""
    experts: int = Field(default=1, ge=1)
    """Feed-forward networks in a layer."""

    @property
    def matrices(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of every linear map of one layer."""
        attention = self.heads * self.head_width
        shared = self.kv_heads * self.head_width
        inner = [(self.width, self.inner), (self.width, self.inner), (self.inner, self.width)]
        outer = [(self.width, attention), (self.width, shared), (self.width, shared), (attention, self.width)]
        return (*outer, *(inner * self.experts))

    @property
    def linear(self) -> int:
        """Weights in the linear maps of all layers."""
        return self.layers * sum(into * out for into, out in self.matrices)

    @property
    def embedding(self) -> int:
        """Weights in embeddings and head."""
        return self.vocabulary * self.width * (1 if self.tied else 2)

    @property
    def total(self) -> int:
        """All weights, norms included."""
        return self.linear + self.embedding + self.width * (2 * self.layers + 1)

    def adapter(self, rank: int) -> int:
        """Weights of low-rank adapters on all linear maps of the layers: rank x (inputs + outputs) of each."""
        return self.layers * sum(rank * (into + out) for into, out in self.matrices)


def shape_of(config: Mapping[str, Any], *, where: str) -> Shape:
    """The shape that a config.json in Hugging Face format describes.

    Raises ConfigError, naming what is missing.
    """
    found = config.get("text_config", config)
    names = {
        "num_hidden_layers": "layers",
        "hidden_size": "width",
        "num_attention_heads": "heads",
        "intermediate_size": "inner",
        "vocab_size": "vocabulary",
    }
    missing = [name for name in names if not found.get(name)]
    if missing:
        raise ConfigError(
            f"{where} does not say {', '.join(missing)}.", "Name the config.json of a causal language model."
        )
    heads = int(found["num_attention_heads"])
    experts = int(found.get("num_local_experts") or found.get("num_experts") or 1)
    return Shape(
        **{ours: int(found[theirs]) for theirs, ours in names.items() if theirs != "intermediate_size"},
        inner=int((found.get("moe_intermediate_size") if experts > 1 else None) or found["intermediate_size"]),
        kv_heads=int(found.get("num_key_value_heads") or heads),
        head_width=int(found.get("head_dim") or int(found["hidden_size"]) // heads),
        tied=bool(found.get("tie_word_embeddings", config.get("tie_word_embeddings", False))),
        experts=experts,
    )


def read_shape(path: Path) -> Shape:
    """The shape of the model whose config.json, or whose folder, this is.

    Raises NotFound and ConfigError.
    """
    file = path / "config.json" if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no file {file}.", "Name a config.json, or a folder that holds one.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"{file} is not valid JSON: {error}.", "Download it again.") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{file} holds no settings.", "Name the config.json of a causal language model.")
    return shape_of(found, where=str(file))


class Part(Noun):
    """One thing that is held in memory."""

    what: str
    gb: float


class Forecast(Noun):
    """What one way of training would hold."""

    way: Way
    parts: tuple[Part, ...]
    """The largest first."""

    @property
    def gb(self) -> float:
        """All of it, in units of 2^30 bytes."""
        return sum(part.gb for part in self.parts)

    def badge(self, limit_gb: float) -> Badge:
        """Whether it fits: with a quarter to spare, hardly, or not."""
        share = self.gb / limit_gb
        return "fits" if share <= FITS else "tight" if share <= TIGHT else "exceeds"


def forecast(shape: Shape, stage: Stage, *, on_gpu: bool, way: Way | None = None) -> Forecast:
    """What a stage will hold, trained its own way or in another.

    The formulas are the field's usual ones: 16 bytes for each trained weight; 2 x s x b x h x L + 34 x s x b x h bytes
    of activations with checkpointing (Korthikanti et al. 2022), which is used on a GPU; 10 bytes for each logit.
    Shown figures are good to 20 or 30 % until they are held against a run.
    """
    adapter = stage.adapter
    kind: Way = way or ("full" if isinstance(adapter, Full) else "qlora" if isinstance(adapter, Qlora) else "lora")
    rank = adapter.rank if isinstance(adapter, LowRank) else LowRank().rank
    size = 2 if on_gpu else 4  # Bytes of a weight, and of an activation, in bfloat16 or float32.
    parts = _weights(shape, kind, rank=rank, size=size)
    rows, length = _in_one_pass(stage)
    tokens = rows * length
    whole: float = 34 * tokens * shape.width * size / 2
    kept = 2 * tokens * shape.width * shape.layers * size / 2 + whole if on_gpu else whole * shape.layers
    parts["activations"] = kept
    parts["logits"] = 10 * (min(tokens, FUSED_TOKENS) if on_gpu else tokens) * shape.vocabulary
    if isinstance(stage, Reinforced | Distill):
        answers = stage.prompts * stage.answers if isinstance(stage, Grpo | Rlhf) else rows
        cached = answers * (length if isinstance(stage, Grpo | Rlhf) else stage.max_length)
        parts["keys and values of the answers drawn"] = (
            2 * shape.layers * shape.kv_heads * shape.head_width * size * cached
        )
    if isinstance(stage, Rlhf):
        parts["reward model"] = size * shape.total
    if isinstance(stage, Distill) and stage.mode == "on-policy":
        parts["teacher, if as large"] = size * shape.total
    parts["libraries"] = (1.5 if on_gpu else 0.6) * GIGABYTE
    parts["gaps"] = FRAGMENTS * sum(parts.values())
    found = [Part(what=what, gb=held / GIGABYTE) for what, held in parts.items() if held]
    return Forecast(way=kind, parts=tuple(sorted(found, key=lambda part: -part.gb)))


def _weights(shape: Shape, kind: Way, *, rank: int, size: int) -> dict[str, float]:
    if kind == "full":
        return {
            "weights": 4 * shape.total,
            "gradients": 4 * shape.total,
            "optimiser": 8 * shape.total,
        }
    frozen: float = size * shape.total
    if kind == "qlora":
        frozen = NF4_BYTES * shape.linear + size * (shape.total - shape.linear)
    return {"weights": frozen, "adapters, their gradients and optimiser": ADAM_BYTES * shape.adapter(rank)}


REQUEST_TOKENS = 512
"""Length of a request, where a stage says only how long answers may be."""


def _in_one_pass(stage: Stage) -> tuple[int, int]:
    """Sequences in one forward pass, and the longest that each may be."""
    if isinstance(stage, Reinforced):
        return stage.batch_size, REQUEST_TOKENS + stage.max_new_tokens
    assert isinstance(stage, Trained)
    both = 2 if isinstance(stage, Preferences) and stage.method != "kto" else 1
    return both * stage.batch_size, stage.max_length


def advice(found: Sequence[Forecast], stage: Stage, *, limit_gb: float) -> tuple[str, ...]:
    """How to make a stage fit, the gentlest first; empty where its own way fits."""
    own = found[0]
    if own.badge(limit_gb) == "fits":
        return ()
    said = []
    rows, length = _in_one_pass(stage)
    passing = sum(part.gb for part in own.parts if part.what in ("activations", "logits"))
    if rows > 1 and passing > 0.1 * own.gb:
        said.append(
            f"Lower batch_size from {stage.batch_size}: each step takes more passes, the result is the same."
            if isinstance(stage, Reinforced)
            else f"Lower batch_size from {stage.batch_size} and raise accumulate by as much: the result is the same."
        )
    if length > 512 and passing > 0.1 * own.gb and isinstance(stage, Trained):
        said.append(f"Lower max_length from {stage.max_length}, if the rows allow it.")
    for way in found[1:]:
        if way.gb < own.gb and way.badge(limit_gb) != "exceeds":
            said.append(f"Use {way.way}: about {way.gb:.1f} GB.")
    return tuple(said or ["Choose a smaller base model: not even 4-bit weights fit."])


def forecasts(shape: Shape, stage: Stage, *, on_gpu: bool) -> tuple[Forecast, ...]:
    """The stage's own way first, then the others, from the one that trains most weights."""
    own = forecast(shape, stage, on_gpu=on_gpu)
    return (own, *(forecast(shape, stage, on_gpu=on_gpu, way=way) for way in WAYS if way != own.way))


def gigabytes(text: str) -> float:
    """An amount of memory as people write it: "24GB", "24 GiB", "24", "512MB".

    Raises ConfigError for anything else.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(|g|gb|gib|m|mb|mib)\s*", text.lower())
    if not found or not float(found[1]):
        raise ConfigError(f"{text!r} is no amount of memory.", "Write it as 24GB.")
    return float(found[1]) / (1024 if found[2].startswith("m") else 1)


def missed(workspace: Path) -> tuple[float, ...]:
    """What trainings of a workspace held, as a share of what was forecast; local base models only.

    One that is not finished counts by what it held after its first steps.
    """
    found = []
    for record in known_steps(workspace):
        held = record.facts.get("peak_memory_mb") or record.facts.get("early_peak_mb")
        if record.kind != "train" or held is None:
            continue
        try:
            folder = local_folder(str(record.inputs["base_model"]))
        except NotFound:
            continue  # It was trained on a folder that is gone.
        if folder is not None:
            stage = parse_stage(record.inputs["stage"], where=record.title)
            on_gpu = record.facts.get("device") == "cuda"
            found.append(float(held) / 1024 / forecast(read_shape(folder), stage, on_gpu=on_gpu).gb)
    return tuple(found)
