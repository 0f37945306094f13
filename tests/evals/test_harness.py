"""Our model behind lm-eval says what the stock one says: log-likelihoods, greedy marks, whole texts, answers."""

import copy
from typing import Any

import pytest
import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForCausalLM

from evals.loaded import Model
from recipes.model import Base, load
from recipes.reading import WORTH, Reading, families
from workbench.errors import ConfigError

CONTEXT = 192
WORDS = (" red", " blue and green", " blue and white", " white", " a lamp that costs nine crowns", " x", " y")
QUESTIONS = tuple(f"What colour is thing {n}?{' Indeed.' * (n % 4)}" for n in range(6))
SHOWN = "".join(f"What colour is thing {n}?\nAnswer: red\n\n" for n in range(40, 45))
"""Solved examples that all questions begin with."""
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "max_position_embeddings": CONTEXT}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64}
KINDS: dict[str, dict[str, Any]] = {
    "llama": SMALL | HEADS,
    "mistral": SMALL | HEADS | {"sliding_window": 24},
    "mamba": SMALL | {"state_size": 4},
}
"""Keys and values of all tokens, of the last few, and none at all."""


@pytest.fixture(scope="module")
def base() -> Base:
    return load("pocket")


@pytest.fixture(scope="module", params=["pocket", *KINDS])
def any_base(request: pytest.FixtureRequest, base: Base) -> Base:
    """The bundled base, and random weights of other kinds with a tokenizer that begins every text with a token."""
    if request.param == "pocket":
        return base
    tokenizer: Any = copy.deepcopy(base.tokenizer)
    tokenizer.bos_token = "<|system|>"
    begin = ("<|system|>", tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"{begin[0]} $A", special_tokens=[begin])
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        request.param, vocab_size=len(tokenizer), initializer_range=0.3, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, **KINDS[request.param],
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config).eval()
    model.get_output_embeddings().weight.data[tokenizer.eos_token_id] = 0  # Never the likeliest: no answer ends.
    return Base(model, tokenizer, base.device)


@pytest.fixture(params=[WORTH, 16], ids=["apart", "shared"])
def worth(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once every text is read for itself, once what the few of a test begin with is read for all."""
    monkeypatch.setattr("recipes.reading.WORTH", request.param)


def _stock(base: Base) -> HFLM:
    return HFLM(pretrained=base.model, tokenizer=base.tokenizer, batch_size=4, max_length=_context(base))


def _context(base: Base) -> int:
    return int(base.model.config.max_position_embeddings)


def _asked(kind: Any, arguments: list[tuple[Any, ...]]) -> list[Instance]:
    return [Instance(kind, {}, args, n, metadata=("task", n, 1)) for n, args in enumerate(arguments)]


@pytest.mark.usefixtures("worth")
def test_continuations_are_as_likely_as_with_the_stock_model(any_base: Base) -> None:
    contexts = [*(f"{SHOWN}{question}\nAnswer:" for question in QUESTIONS), "", "A thing is "]
    asked = _asked("loglikelihood", [(context, words) for context in contexts for words in WORDS])
    model = Model(any_base, chat=False)
    ours, theirs = model.loglikelihood(asked), _stock(any_base).loglikelihood(asked)
    assert [greedy for _, greedy in ours] == [greedy for _, greedy in theirs]
    assert [told for told, _ in ours] == pytest.approx([told for told, _ in theirs], abs=1e-4)
    assert not model.too_long


def test_whole_texts_are_as_likely_also_beyond_the_context(any_base: Base) -> None:
    length = _context(any_base) // 40
    asked = _asked("loglikelihood_rolling", [(" ".join(QUESTIONS) * n,) for n in (1, 2, length)])
    model = Model(any_base)
    ours, theirs = model.loglikelihood_rolling(asked), _stock(any_base).loglikelihood_rolling(asked)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-4)
    assert not model.too_long


@pytest.mark.usefixtures("worth")
def test_answers_are_the_same(any_base: Base) -> None:
    settings = ({"until": [" in", "\n\n"], "max_gen_toks": 24}, {"until": "e", "max_new_tokens": 20}, {"max_tokens": 3})
    asked = _asked("generate_until", [(SHOWN + question, one) for question in QUESTIONS for one in settings])
    assert Model(any_base, chat=False).generate_until(asked) == _stock(any_base).generate_until(asked)


def test_a_conversation_is_asked_as_everywhere_else(any_base: Base) -> None:
    model, stock = Model(any_base), _stock(any_base)
    turns = [{"role": "user", "content": "What is red?"}, {"role": "assistant", "content": "The lamp"}]
    assert model.apply_chat_template(turns, False) == stock.apply_chat_template(turns, False)
    text = model.apply_chat_template(turns[:1])
    ids = any_base.tokenizer.apply_chat_template(turns[:1], add_generation_prompt=True, return_dict=False)
    assert model._encoded([text], add=False) == [ids]


def test_what_does_not_fit_is_named(any_base: Base) -> None:
    limit = _context(any_base)
    long = " red" * limit
    model = Model(any_base)
    likely = model.loglikelihood(_asked("loglikelihood", [("A", " b"), (long, " b"), (long, " c"), ("A", long * 2)]))
    assert model.too_long == {("task", 1), ("task", 2), ("task", 3)}
    assert likely[3] == (float("-inf"), False)
    model = Model(any_base)
    settings = {"until": [], "max_gen_toks": 4}
    answers = model.generate_until(_asked("generate_until", [("A", settings), (long, settings), ("B", settings)]))
    assert model.too_long == {("task", 1)}
    assert [bool(answer) for answer in answers] == [True, False, True]


@pytest.mark.parametrize("any_base", ["llama"], indirect=True)
def test_an_answer_gets_the_room_that_requests_leave(any_base: Base) -> None:
    texts = ["A", "A thing and another"]
    room = CONTEXT - max(len(any_base.tokenizer(text)["input_ids"]) for text in texts)
    model = Model(any_base, chat=False)
    answers = model.generate_until(_asked("generate_until", [(text, {"max_gen_toks": 2 * CONTEXT}) for text in texts]))
    asked = _asked("generate_until", [(text, {"max_gen_toks": room}) for text in texts])
    assert answers == _stock(any_base).generate_until(asked)
    assert not model.too_long


@pytest.mark.parametrize("settings", [{"do_sample": True}, {"temperature": 0.7}, {"do_sample": True, "temperature": 1}])
def test_answers_that_are_to_be_drawn_are_refused(base: Base, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="The suite task asks for answers that are drawn"):
        Model(base).generate_until(_asked("generate_until", [("A", settings)]))


@pytest.mark.parametrize("settings", [{"do_sample": False, "temperature": 0.7}, {"temperature": 0.0}, {}])
def test_other_settings_are_greedy(base: Base, settings: dict[str, Any]) -> None:
    asked = _asked("generate_until", [("<|user|>What is 2 + 3?<|end|><|assistant|>", settings)])
    assert Model(base).generate_until(asked) == ["5"]


def test_each_request_is_reported(base: Base) -> None:
    told: list[tuple[int, int]] = []
    model = Model(base, report=lambda done, of: told.append((done, of)))
    arguments: dict[str, list[tuple[Any, ...]]] = {
        "loglikelihood": [(question, words) for question in QUESTIONS for words in WORDS],
        "loglikelihood_rolling": [(question,) for question in QUESTIONS],
        "generate_until": [(question, {"max_gen_toks": 2}) for question in QUESTIONS],
    }
    for kind, several in arguments.items():
        getattr(model, kind)(_asked(kind, several))
        assert told[-1] == (len(several), len(several))


def test_texts_that_begin_alike_are_a_family(base: Base) -> None:
    start, shared = Reading(base), list(range(WORTH // 4))
    texts = [[*shared, n, n + 1] for n in range(5)] + [[n] for n in range(3)] + [[*shared[: WORTH // 8], 9]]
    (beginning, family), (nothing, rest) = families(start, texts)
    assert (beginning, sorted(family)) == (shared, [0, 1, 2, 3, 4])
    assert (nothing, rest) == ([], [5, 6, 7, 8])
    assert families(start, [shared] * 3) == [([], [0, 1, 2])], "two passes would be saved, and cost one"
    assert families(start, [shared] * 9)[0][0] == shared[:-1], "something is left to be read"
