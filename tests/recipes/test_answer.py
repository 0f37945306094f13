"""Answers do not depend on the batch they are generated in."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from recipes.answer import Generated, context, finished, generate, time_alone
from recipes.data import PromptPlan, conversation, encode_prompt
from recipes.model import Base, load
from recipes.reading import Reading, families
from workbench.candidate import Decoding
from workbench.errors import ConfigError, NotFound
from workbench.usecase import Example


@pytest.fixture(scope="module")
def base(toy_base: Path) -> Base:
    return load(str(toy_base))


def _answers(
    base: Base, prompts: list[list[int]], decoding: Decoding, *, stops: Sequence[str] | None = None
) -> list[Generated]:
    found: dict[int, Generated] = {}

    def keep(places: list[int], answers: list[Generated]) -> None:
        found.update(zip(places, answers, strict=True))

    generate(base, prompts, decoding, stops=stops, on_batch=keep)
    assert sorted(found) == list(range(len(prompts)))
    return [found[i] for i in range(len(prompts))]


def test_answers_do_not_depend_on_the_batch(base: Base, examples: list[Example]) -> None:
    prompts = [encode_prompt(conversation(example, PromptPlan()), base.tokenizer) for example in examples]
    assert len({len(prompt) for prompt in prompts}) > 3
    decoding = Decoding(max_new_tokens=12)
    together = _answers(base, prompts, decoding)
    alone = [given for given, _ in time_alone(base, prompts, decoding)]
    backwards = _answers(base, prompts[::-1], decoding)[::-1]
    assert together == alone == backwards
    assert len({given.text for given in together}) > 5, "the toy must not answer everything alike"


def test_what_prompts_begin_with_is_read_once(
    base: Base, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = PromptPlan("Be brief.", tuple(examples[:3]))
    prompts = [encode_prompt(conversation(example, plan), base.tokenizer) for example in examples]
    decoding = Decoding(max_new_tokens=12)
    monkeypatch.setattr("recipes.reading.WORTH", 10**6)
    apart = _answers(base, prompts, decoding)
    monkeypatch.setattr("recipes.reading.WORTH", 64)
    (beginning, family), *_ = families(Reading(base), prompts)
    assert len(beginning) * len(family) > sum(map(len, prompts)) / 2
    assert _answers(base, prompts, decoding) == apart


def test_an_answer_ends_before_a_stop_string(base: Base, examples: list[Example]) -> None:
    prompts = [encode_prompt(conversation(example, PromptPlan()), base.tokenizer) for example in examples]
    decoding = Decoding(max_new_tokens=24)
    whole = _answers(base, prompts, decoding, stops=())
    assert {given.text.strip() for given in whole} == {given.text for given in _answers(base, prompts, decoding)}
    stop = max(whole, key=lambda given: len(given.text)).text[9:11]
    cut = _answers(base, prompts, decoding, stops=["", stop])
    assert [given.text for given in cut] == [given.text.split(stop)[0] for given in whole]
    assert all(given.finish == "stop" for given, other in zip(cut, whole, strict=True) if stop in other.text)
    assert sum(given.tokens for given in cut) < sum(given.tokens for given in whole)


def test_a_token_that_is_no_text_ends_an_answer_where_it_is_a_stop_string(base: Base) -> None:
    tokenizer = base.tokenizer
    word, user = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("red", "<|user|>"))
    ends = {tokenizer.get_added_vocab()["<|user|>"]}
    assert finished([*word, *user, *word], base).text == "redred"
    assert finished([*word, *user, *word], base, ends=ends) == Generated("red", len(word) + 1, "stop")


def test_a_prompt_without_room_is_not_sent_and_not_cut(base: Base, examples: list[Example]) -> None:
    prompt = encode_prompt(conversation(examples[0], PromptPlan()), base.tokenizer)
    long = prompt * 30
    assert len(long) > context(base)
    first, second = _answers(base, [long, prompt], Decoding(max_new_tokens=4))
    assert first == Generated("", 0, "too long")
    assert second.finish in {"stop", "length"}


def test_an_answer_at_the_limit_says_so(base: Base, examples: list[Example]) -> None:
    prompt = encode_prompt(conversation(examples[0], PromptPlan()), base.tokenizer)
    given = _answers(base, [prompt], Decoding(max_new_tokens=1))[0]
    assert given.tokens == 1
    assert (given.finish == "length") == (given.text != "")


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "pockett", "a/b/c"])
def test_a_base_model_that_is_not_there(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        load(name)
    assert "Hub id" in caught.value.hint


def test_folders_that_are_no_base_model(tmp_path: Path, toy_base: Path) -> None:
    with pytest.raises(NotFound, match=r"config\.json"):
        load(str(tmp_path))
    (tmp_path / "config.json").write_bytes((toy_base / "config.json").read_bytes())
    with pytest.raises(NotFound, match="safetensors"):
        load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load(str(tmp_path))


def test_a_hub_id_without_network_says_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(NotFound) as caught:
        load("nobody/nothing")
    assert "local folder" in caught.value.hint
