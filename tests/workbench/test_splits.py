"""Splitting: nothing of the test set is seen in training, whatever the seed."""

import numpy as np
import pytest

from workbench.audit import audit
from workbench.errors import DataError
from workbench.examples import Examples, digest
from workbench.splits import Shares, Splits, split_examples
from workbench.usecase import Example, Message

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def made(rng: np.random.Generator, requests: int = 80) -> Examples:
    """Requests of made-up words, about half of them with one to four edited, retyped or equal copies."""
    rows: list[tuple[str, str, str]] = []
    for n in range(requests):
        words = ["".join(rng.choice(list(LETTERS), rng.integers(3, 8))) for _ in range(rng.integers(9, 14))]
        group = f"group {n % 7}" if n % 5 == 0 else ""
        rows.append((" ".join(words), f"answer {n}", group))
        for _ in range(rng.integers(0, 5) if n % 2 else 0):
            copy = list(" ".join(words))
            copy[rng.integers(len(copy))] = rng.choice(list(LETTERS.upper()))
            rows.append(("".join(copy), f"answer {n}", ""))
    order = rng.permutation(len(rows))
    items = [
        Example(
            id=f"row-{n}",
            messages=(Message(role="user", content=rows[n][0]),),
            target=rows[n][1],
            group=rows[n][2],
        )
        for n in order
    ]
    return Examples(tuple(items), tuple(range(2, 2 + len(items))), source="all.csv")


def shingles(example: Example) -> set[str]:
    text = example.question.lower()
    return {text[n : n + 5] for n in range(len(text) - 4)}


def leaks(one: Examples, other: Examples) -> list[tuple[str, str]]:
    """Pairs with the same answer whose requests share .8 of their shingles, by comparing all with all."""
    left = [(example, shingles(example)) for example in one]
    right = [(example, shingles(example)) for example in other]
    return [
        (a.id, b.id)
        for a, own in left
        for b, theirs in right
        if a.target == b.target and len(own & theirs) >= 0.8 * len(own | theirs)
    ]


def parts(splits: Splits) -> list[tuple[Examples, Examples]]:
    return [(splits.train, splits.test), (splits.dev, splits.test), (splits.train, splits.dev)]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_leaks_and_nothing_is_lost(seed: int) -> None:
    examples = made(np.random.default_rng(seed))
    splits = split_examples(examples, rng=np.random.default_rng(seed))
    ids = [*splits.train.ids, *splits.dev.ids, *splits.test.ids, *splits.left_out]
    assert sorted(ids) == sorted(examples.ids)
    for one, other in parts(splits):
        assert leaks(one, other) == []
        assert not {each.group for each in one} & {each.group for each in other} - {""}
    found = audit(splits.train, splits.dev, splits.test, metric="exact_match")
    assert not [each for each in found.findings if "leakage" in each.kind or each.kind == "exact_duplicate"]
    assert found.leaked_ids == ()
    wanted = 0.3 * (len(examples) - len(splits.left_out))
    assert 0.8 * wanted <= len(splits.test) <= wanted + 1
    assert 10 <= len(splits.dev) <= 20


def test_a_random_split_of_these_rows_would_leak() -> None:
    examples = made(np.random.default_rng(0))
    half = len(examples) // 2
    assert len(leaks(examples[:half], examples[half:])) > 10


@pytest.mark.parametrize("seed", range(5))
def test_a_dev_set_is_carved_where_the_test_set_is_given(seed: int) -> None:
    examples = made(np.random.default_rng(seed), requests=120)
    train, test = examples[: len(examples) - 60], examples[len(examples) - 60 :]
    splits = split_examples(train, rng=np.random.default_rng(seed), test=test)
    assert splits.test.ids == test.ids
    assert sorted([*splits.train.ids, *splits.dev.ids]) == sorted(train.ids)
    assert leaks(splits.train, splits.dev) == []
    assert len(splits.dev) == pytest.approx(20, abs=3)


def test_the_same_seed_gives_the_same_split_and_another_gives_another() -> None:
    examples = made(np.random.default_rng(1))

    def tested(seed: int) -> str:
        return digest(split_examples(examples, rng=np.random.default_rng(seed)).test)

    assert tested(3) == tested(3)
    assert tested(3) != tested(4)


def test_the_order_of_the_file_and_its_line_numbers_are_kept() -> None:
    splits = split_examples(made(np.random.default_rng(2)), rng=np.random.default_rng(0))
    for part, name in ((splits.train, "train"), (splits.dev, "dev"), (splits.test, "test")):
        assert list(part.numbers) == sorted(part.numbers)
        assert {each.split for each in part} == {name}
        assert part.source == "all.csv"


def test_exact_repeats_are_left_out_and_named() -> None:
    examples = made(np.random.default_rng(3), requests=30)
    again = Examples(tuple(each.model_copy(update={"id": f"{each.id}-again"}) for each in examples))
    both = Examples(examples.items + again.items)
    splits = split_examples(both, rng=np.random.default_rng(0))
    assert set(again.ids) <= set(splits.left_out)


def test_sizes_are_bounded() -> None:
    examples = made(np.random.default_rng(4), requests=100)
    shares = Shares(most_test=30, most_dev=25, least_dev=5, dev=0.5)
    splits = split_examples(examples, rng=np.random.default_rng(0), shares=shares)
    assert (len(splits.test), len(splits.dev)) == (30, 25)


def test_what_cannot_be_split() -> None:
    examples = made(np.random.default_rng(5))
    with pytest.raises(DataError, match="too few to split"):
        split_examples(examples[:9], rng=np.random.default_rng(0))
    grouped = Examples(tuple(each.model_copy(update={"group": "one"}) for each in examples))
    with pytest.raises(DataError, match="belong to one group"):
        split_examples(grouped, rng=np.random.default_rng(0))
