"""Near pairs: none missed that a full comparison finds, whatever the order, and templates told apart."""

import itertools

import numpy as np
import pytest

from workbench.similarity import CROWD, near_pairs, normalise, specifics

LETTERS = np.random.default_rng(0).choice(list("abcdefghijklmnopqrstuvw"), (300, 7))
WORDS = ["".join(letters) for letters in LETTERS]


def sentence(rng: np.random.Generator, words: int = 10) -> str:
    return " ".join(rng.choice(WORDS, words))


def edited(rng: np.random.Generator, text: str) -> str:
    """The text with one or two of its letters changed."""
    letters = list(text)
    for place in rng.integers(len(letters), size=rng.integers(1, 3)):
        letters[place] = "x"
    return normalise("".join(letters))


def jaccard(one: str, other: str) -> float:
    sides = [{text[n : n + 5] for n in range(len(text) - 4)} for text in (one, other)]
    return len(sides[0] & sides[1]) / len(sides[0] | sides[1])


def test_normalise() -> None:
    assert normalise("  Ｃafé\u00a0\tIS\nhere ") == "café is here"


@pytest.mark.parametrize("seed", range(5))
def test_every_pair_that_is_nearly_the_same_is_found_with_its_true_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = [sentence(rng) for _ in range(120)]
    texts += [edited(rng, texts[n]) for n in rng.integers(120, size=60)]
    found = {(pair.left, pair.right): pair.jaccard for pair in near_pairs(texts)}
    pairs = itertools.combinations(range(len(texts)), 2)
    wanted = {(i, j): jaccard(texts[i], texts[j]) for i, j in pairs}
    near = {pair for pair, overlap in wanted.items() if overlap >= 0.8}
    assert len(near) > 20
    assert near <= found.keys()
    assert all(found[pair] == pytest.approx(wanted[pair]) for pair in found if wanted[pair] >= 0.5)


def test_the_order_of_the_texts_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    texts = [sentence(rng) for _ in range(60)]
    texts += [edited(rng, text) for text in texts[:30]]

    def named(texts: list[str]) -> set[tuple[str, str, float]]:
        found = near_pairs(texts)
        both = [(texts[pair.left], texts[pair.right], pair.jaccard) for pair in found]
        return {(min(one, other), max(one, other), overlap) for one, other, overlap in both}

    assert named(texts) == named(texts[::-1])


def test_long_texts_are_compared_by_words() -> None:
    rng = np.random.default_rng(1)
    long = [sentence(rng, 80) for _ in range(3)]
    one_word_more = f"{long[0]} indeed"
    pairs = near_pairs([*long, one_word_more])
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 3)]
    assert pairs[0].jaccard == pytest.approx(76 / 77)


def test_a_short_text_within_a_long_one_is_found() -> None:
    rng = np.random.default_rng(2)
    short = sentence(rng, 12)
    long = f"{sentence(rng, 60)} {short} {sentence(rng, 60)}"
    pairs = near_pairs([sentence(rng, 40), short, long])
    assert [(pair.left, pair.right, pair.containment) for pair in pairs] == [(1, 2, 1.0)]
    assert near_pairs([sentence(rng, 5), "of", "it is of no use to anyone who knows"]) == []


def test_an_instruction_that_all_share_says_nothing() -> None:
    rng = np.random.default_rng(3)
    instruction = "classify this ticket into billing, card or transfer and answer with the category only: "
    texts = [instruction * 3 + sentence(rng, 8) for _ in range(60)]
    assert near_pairs(texts) == []
    again = near_pairs([*texts, f"{texts[4]} please"])
    assert [(pair.left, pair.right) for pair in again] == [(4, 60)]


def test_crowded_templates_do_not_take_the_square_of_the_rows() -> None:
    rng = np.random.default_rng(4)
    names = [sentence(rng, 1) + str(n) for n in range(4_000)]
    templates = ["what does the {} cost?", "who makes the {} and where?", "is {} vegan?", "weight of {}?"]
    pairs = near_pairs([template.format(name) for name in names[:1000] for template in templates])
    assert len(pairs) <= 2 * CROWD * 4_000


def test_few_texts() -> None:
    assert near_pairs([]) == []
    assert near_pairs(["a"]) == []
    assert near_pairs(["a", "b"]) == []
    assert [pair.jaccard for pair in near_pairs(["same text", "same text"])] == [1.0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What does the Velo 300 cost?", "what does the velo 300 cost", True),
        ("What does the Velo 300 cost?", "What does the Velo 500 cost?", False),
        ("What does the Velora cost?", "What does the Velara cost?", False),
        ("Is it 3 or 4?", "Is it 4 or 3?", True),
        ("I think I lost it", "i think i lost it", True),
        ("It broke. When is it back?", "It broke, when is it back?", True),
    ],
)
def test_names_and_numbers(one: str, other: str, same: bool) -> None:
    assert specifics(one).agree(specifics(other)) is same
    assert specifics(other).agree(specifics(one)) is same
