"""Our model behind lm-eval gives what the stock one gives: log-likelihoods, greedy marks, whole texts, answers."""

from pathlib import Path

import pytest
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from evals.harness import run_suites
from evals.loaded import Model
from recipes.model import Base, load
from workbench.errors import ConfigError

WORDS = ("red", "blue and green", "white", "a lamp that costs nine crowns", "x")
CONTEXTS = tuple(f"What colour is thing {n}?{' Indeed.' * (n % 4)}" for n in range(6))


@pytest.fixture(scope="module")
def base() -> Base:
    return load("pocket")


@pytest.fixture(scope="module")
def stock(base: Base) -> HFLM:
    return HFLM(pretrained=base.model, tokenizer=base.tokenizer, batch_size=4)


def _asked(kind: str, arguments: list[tuple[object, ...]]) -> list[Instance]:
    return [Instance(kind, {}, args, n) for n, args in enumerate(arguments)]  # type: ignore[arg-type]


def test_continuations_are_as_likely_as_with_the_stock_model(base: Base, stock: HFLM) -> None:
    asked = _asked("loglikelihood", [(context, f" {words}") for context in CONTEXTS for words in WORDS])
    ours, theirs = Model(base).loglikelihood(asked), stock.loglikelihood(asked)
    for (one, greedy), (other, also) in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
        assert greedy == also


def test_whole_texts_are_as_likely(base: Base, stock: HFLM) -> None:
    asked = _asked("loglikelihood_rolling", [(" ".join(CONTEXTS[: n + 1]),) for n in range(5)])
    for one, other in zip(Model(base).loglikelihood_rolling(asked), stock.loglikelihood_rolling(asked), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_answers_are_the_same(base: Base, stock: HFLM) -> None:
    model = Model(base)
    prompts = [model.apply_chat_template([{"role": "user", "content": text}]) for text in CONTEXTS]
    settings = {"until": ["\n"], "max_gen_toks": 16, "do_sample": False}
    asked = _asked("generate_until", [(prompt, settings) for prompt in prompts])
    ours, theirs = model.generate_until(asked), stock.generate_until(asked)
    assert [text.strip() for text in ours] == [text.strip() for text in theirs]


def test_every_item_of_a_suite_is_told(base: Base) -> None:
    told: list[tuple[int, int]] = []
    found = run_suites(base, ["pocket_sums"], report=lambda done, of: told.append((done, of)))
    assert len(found) == 300
    assert told[-1] == (300, 300)
    assert {one.item for one in found} == {f"sums-{n:03d}" for n in range(1, 301)}
    assert sum(one.values["strict"] for one in found) > 280
    assert found[0].request
    assert found[0].answer


def test_a_suite_that_there_is_not_is_told(base: Base, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no suite 'pocket_chess'"):
        run_suites(base, ["pocket_chess"], include=[tmp_path], report=lambda done, of: None)
