"""Train the bundled base model from scratch: seeded, resumable, on a CPU within hours.

Each step draws its rows from its own seed, so a run that was killed and resumed sees exactly the rows
that an undisturbed run sees.
"""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from recipes.pocket.curriculum import MIXTURE, Turn, converse, draw_row
from recipes.pocket.tokenizer import train_tokenizer


@dataclass(frozen=True)
class Phase:
    """Some steps in a row, in which the learning rate moves on a line."""

    steps: int
    rate_from: float
    """Share of the peak learning rate at the phase's first step."""
    rate_to: float
    frequencies: str
    """How often each task is drawn: a key of ``curriculum.FREQUENCIES``."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the weights become."""

    seed: int = 0
    hidden: int = 256
    layers: int = 4
    heads: int = 8
    feed_forward: int = 704
    phases: tuple[Phase, ...] = (
        Phase(510, 1.0, 1.0, "broad"),
        Phase(1990, 1.0, 0.318, "broad"),
        Phase(500, 0.318, 0.147, "skills"),
        Phase(400, 0.3, 0.107, "reading"),
        Phase(600, 0.25, 0.01, "crowded"),
        Phase(280, 0.2, 0.005, "lookalike"),
    )
    rows_per_step: int = 72
    tokens_per_pass: int = 6144
    learning_rate: float = 3e-3
    warmup_steps: int = 60
    weight_decay: float = 0.05
    prompt_loss: float = 0.2
    """Weight of the loss on all other text beside the answers'."""
    tokenizer_rows: int = 40_000

    @property
    def steps(self) -> int:
        """Steps of the optimiser in all phases."""
        return sum(phase.steps for phase in self.phases)

    def at(self, step: int) -> tuple[Phase, float]:
        """The phase of a step, and its learning rate as a share of the peak."""
        first = 0
        for phase in self.phases:
            if step < first + phase.steps:
                rate = phase.rate_from + (phase.rate_to - phase.rate_from) * (step - first) / phase.steps
                return phase, rate * min(1.0, (step + 1) / self.warmup_steps)
            first += phase.steps
        raise ValueError(f"the recipe has {self.steps} steps; there is no step {step}")


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained model of the recipe's shape."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        intermediate_size=recipe.feed_forward,
        tie_word_embeddings=True,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


@dataclass(frozen=True)
class Encoded:
    """One conversation as token ids, with the weight of each token of the assistant's turns.

    The tokens of an answer of n tokens weigh 1 / sqrt(n) each: with equal weights the long answers, which are
    mostly copied, would drown the short ones, in which the first token shows whether the text was read.
    """

    ids: list[int]
    weights: list[float]
    """0 outside the assistant's turns."""


def encode(turns: list[Turn], tokenizer: PreTrainedTokenizerFast) -> Encoded:
    """The chat template, applied turn by turn so that the answers' tokens are known."""
    ids: list[int] = []
    weights: list[float] = []
    for turn in turns:
        head = int(tokenizer.convert_tokens_to_ids(f"<|{turn['role']}|>"))  # type: ignore[arg-type]
        body = tokenizer.encode(turn["content"], add_special_tokens=False)
        ids += [head, *body, tokenizer.eos_token_id]
        weight = (len(body) + 1) ** -0.5 if turn["role"] == "assistant" else 0.0
        weights += [0.0] + [weight] * (len(body) + 1)
    return Encoded(ids, weights)


def batches(rows: list[Encoded], tokens: int, pad: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Rows of like length together, padded to the right.

    Yields (ids, weights), each of shape (rows, length), with at most about ``tokens`` tokens; padding is ``pad``.
    """
    group: list[Encoded] = []
    for row in sorted(rows, key=lambda row: len(row.ids)):
        crowded = (len(group) + 1) * len(row.ids) > tokens
        if group and (crowded or len(row.ids) > 1.15 * len(group[0].ids) + 2):
            yield _pad(group, pad)
            group = []
        group.append(row)
    if group:
        yield _pad(group, pad)


def _pad(group: list[Encoded], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(row.ids) for row in group)
    ids = torch.full((len(group), width), pad)
    weights = torch.zeros((len(group), width))
    for i, row in enumerate(group):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        weights[i, : len(row.ids)] = torch.tensor(row.weights)
    return ids, weights


def optimisers(model: LlamaForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon (orthogonalised momentum, Jordan et al. 2024) for the matrices, AdamW for embeddings and norms."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(
            matrices, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=recipe.learning_rate, weight_decay=0.0, betas=(0.9, 0.95)),
    ]


def step_losses(model: LlamaForCausalLM, rows: list[Encoded], recipe: Recipe, *, pad: int) -> tuple[float, float]:
    """Forward and backward over one step's rows; gradients are left in the model.

    Returns the weighted mean loss on answers and the mean loss on all other text, in nats per token.
    """
    answers = sum(sum(row.weights[1:]) for row in rows)
    others = sum(sum(weight == 0 for weight in row.weights[1:]) for row in rows)
    totals = [0.0, 0.0]
    for ids, weights in batches(rows, recipe.tokens_per_pass, pad):
        logits = model(input_ids=ids[:, :-1]).logits
        target = ids[:, 1:]
        losses = cross_entropy(logits.reshape(-1, logits.shape[-1]), target.reshape(-1), reduction="none").view_as(
            target
        )
        on_answer = (losses * weights[:, 1:]).sum()
        on_other = (losses * ((weights[:, 1:] == 0) & (target != pad))).sum()
        (on_answer / answers + recipe.prompt_loss * on_other / others).backward()
        totals[0] += on_answer.item()
        totals[1] += on_other.item()
    return totals[0] / answers, totals[1] / others


@torch.no_grad()
def exact_match(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, *, rows: int, seed: int
) -> dict[str, float]:
    """Share of rows of each task whose whole greedy answer is right, on names kept out of training.

    Greedy decoding reproduces the reference exactly when the most likely token is right at every
    position given the reference so far, so one forward pass per row decides it.
    """
    model.eval()
    shares: dict[str, float] = {}
    for name, (_, task) in MIXTURE.items():
        rng = Random(f"measure-{seed}-{name}")
        encoded = [encode(converse(rng, task, reserved=True, others=False), tokenizer) for _ in range(rows)]
        right = 0
        for ids, weights in batches(encoded, 8192, tokenizer.pad_token_id):
            guess = model(input_ids=ids[:, :-1]).logits.argmax(-1)
            last = _last_answer(weights > 0)[:, 1:]
            right += int(((guess == ids[:, 1:]) | ~last).all(1).sum())
        shares[name] = right / rows
    model.train()
    return shares


def _last_answer(is_answer: torch.Tensor) -> torch.Tensor:
    """Only the last assistant turn of each row. Shape (rows, length) in and out."""
    flipped = is_answer.flip(1).int()
    started = flipped.cumsum(1) > 0
    ended = ((1 - flipped) * started).cumsum(1) > 0
    return (started & ~ended & (flipped > 0)).flip(1)


def train(recipe: Recipe, folder: Path, *, measure_every: int = 500, save_every: int = 100) -> None:
    """Train into ``folder``, resuming from its checkpoint where there is one.

    Leaves ``model.safetensors``, ``config.json``, the tokenizer and ``training.jsonl`` there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(recipe, folder)
    model = new_model(recipe, tokenizer)
    tools = optimisers(model, recipe)
    first = _resume(folder, model, tools, recipe)
    log = folder / "training.jsonl"
    model.train()
    began, seen = time.monotonic(), 0
    for step in range(first, recipe.steps):
        rng = Random(f"{recipe.seed}-{step}")
        phase, rate = recipe.at(step)
        rows = [encode(draw_row(rng, frequencies=phase.frequencies)[1], tokenizer) for _ in range(recipe.rows_per_step)]
        for tool in tools:
            for group in tool.param_groups:
                group["lr"] = recipe.learning_rate * rate
        on_answer, on_other = step_losses(model, rows, recipe, pad=tokenizer.pad_token_id)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
        for tool in tools:
            tool.step()
            tool.zero_grad()
        seen += sum(len(row.ids) for row in rows)
        record: dict[str, object] = {"step": step + 1, "answer": on_answer, "text": on_other, "norm": norm}
        record["tokens_per_second"] = seen / (time.monotonic() - began)
        if (step + 1) % measure_every == 0 or step + 1 == recipe.steps:
            record |= {"match": exact_match(model, tokenizer, rows=100, seed=1)}
        with log.open("a") as out:
            out.write(json.dumps(record) + "\n")
        if not math.isfinite(on_answer):
            raise FloatingPointError(f"the loss is {on_answer} at step {step + 1}")
        if (step + 1) % save_every == 0 or step + 1 == recipe.steps:
            _save(folder, model, tools, recipe, step + 1)


def _tokenizer(recipe: Recipe, folder: Path) -> PreTrainedTokenizerFast:
    if (folder / "tokenizer.json").exists():
        found: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
        return found
    rng = Random(f"tokenizer-{recipe.seed}")
    texts = [turn["content"] for _ in range(recipe.tokenizer_rows) for turn in draw_row(rng)[1]]
    tokenizer = train_tokenizer(texts)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _save(folder: Path, model: LlamaForCausalLM, tools: list[torch.optim.Optimizer], recipe: Recipe, step: int) -> None:
    model.save_pretrained(folder)
    state = {"step": step, "recipe": asdict(recipe), "tools": [tool.state_dict() for tool in tools]}
    state["model"] = model.state_dict()
    partial = folder / "checkpoint.part"
    torch.save(state, partial)
    partial.replace(folder / "checkpoint.pt")


def _resume(folder: Path, model: LlamaForCausalLM, tools: list[torch.optim.Optimizer], recipe: Recipe) -> int:
    """Load the checkpoint, if there is one of this recipe; returns the first step to do."""
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(f"{path} was written by another recipe; choose another folder or remove it")
    model.load_state_dict(state["model"])
    for tool, saved in zip(tools, state["tools"], strict=True):
        tool.load_state_dict(saved)
    return int(state["step"])


def training_facts(folder: Path) -> dict[str, object]:
    """What a training took, from its log: steps, tokens a second, the recipe it followed."""
    records = {}
    for line in (folder / "training.jsonl").read_text().splitlines():
        record = json.loads(line)
        records[record["step"]] = record  # A step that was done again after a resume counts once.
    last = records[max(records)]
    recipe = torch.load(folder / "checkpoint.pt", weights_only=True)["recipe"]
    return {"steps": last["step"], "answer_loss": last["answer"], "text_loss": last["text"], "recipe": recipe}
