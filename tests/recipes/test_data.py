"""The loss falls on the answer alone, and training and answering see the same text."""

from pathlib import Path

import pytest

from rag.prompt import INSTRUCTION
from recipes.data import IGNORED, PromptPlan, choose_shots, conversation, encode_prompt, encode_row, encode_rows
from recipes.model import PLAIN_TEMPLATE, load_tokenizer
from workbench.errors import ConfigError
from workbench.run import Passage, Retrieved
from workbench.usecase import Example, Message


def test_only_the_answer_and_its_end_carry_loss(toy_base: Path, examples: list[Example]) -> None:
    tokenizer = load_tokenizer(toy_base)
    turns = conversation(examples[0], PromptPlan("Answer briefly."))
    row = encode_row(turns, "49 crowns", tokenizer)
    learned = [token for token in row.labels if token != IGNORED]
    assert tokenizer.decode(learned) == f"49 crowns{tokenizer.eos_token}"
    prompt = encode_prompt(turns, tokenizer)
    assert row.input_ids[: len(prompt)] == prompt
    assert row.labels[: len(prompt)] == [IGNORED] * len(prompt)
    assert len(row.labels) == len(row.input_ids)


def test_a_base_without_chat_template_gets_a_plain_one(toy_base: Path, examples: list[Example], tmp_path: Path) -> None:
    for path in toy_base.iterdir():
        if path.name != "chat_template.jinja":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.chat_template == PLAIN_TEMPLATE
    row = encode_row(conversation(examples[0], PromptPlan("Answer briefly.")), "red", tokenizer)
    learned = [token for token in row.labels if token != IGNORED]
    assert tokenizer.decode(learned) == f" red{tokenizer.eos_token}"
    assert tokenizer.decode(row.input_ids).startswith(
        "System: Answer briefly.\nUser: What colour is thing 0?\nAssistant:"
    )


def test_shots_come_as_earlier_turns_and_are_spread_evenly(examples: list[Example]) -> None:
    shots = choose_shots(examples, 4)
    assert [shot.id for shot in shots] == ["e0", "e5", "e10", "e15"]
    turns = conversation(examples[1], PromptPlan("Do it.", shots))
    assert [turn["role"] for turn in turns] == ["system", *["user", "assistant"] * 4, "user"]
    assert turns[2]["content"] == shots[0].target
    with pytest.raises(ConfigError, match="only 20 solved training examples"):
        choose_shots(examples, 21)


def test_passages_replace_the_last_turn(examples: list[Example]) -> None:
    found = Retrieved(
        example="e0",
        passages=(
            Passage(id="p1", document="d1", text="The thing\nis red.", score=0.9),
            Passage(id="p2", document="d2", text="Another.", score=0.1),
        ),
    )
    last = conversation(examples[0], PromptPlan(), found)[-1]["content"]
    assert last.startswith(INSTRUCTION)
    assert "[1] The thing is red.\n[2] Another." in last
    assert last.endswith(f"Question: {examples[0].question}")


def test_an_examples_own_system_message_follows_the_instruction() -> None:
    example = Example(
        id="x",
        messages=(Message(role="system", content="Be kind."), Message(role="user", content="Hello?")),
        target="Hi",
    )
    turns = conversation(example, PromptPlan("Answer."))
    assert turns[0] == {"role": "system", "content": "Answer.\nBe kind."}
    assert len(turns) == 2


def test_rows_that_are_too_long_are_left_out_and_counted(toy_base: Path, examples: list[Example]) -> None:
    tokenizer = load_tokenizer(toy_base)
    every = encode_rows(examples, PromptPlan(), tokenizer, max_length=1000)
    assert (len(every.rows), every.too_long) == (20, 0)
    longest = max(len(row.input_ids) for row in every.rows)
    some = encode_rows(examples, PromptPlan(), tokenizer, max_length=longest - 1)
    assert 0 < len(some.rows) < 20
    assert len(some.rows) + some.too_long == 20
    with pytest.raises(ConfigError, match="20 of 20 training rows are longer than 3 tokens"):
        encode_rows(examples, PromptPlan(), tokenizer, max_length=3)
