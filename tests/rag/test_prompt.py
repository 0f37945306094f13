"""The message with passages: the words that the bundled base model was trained on, and citations where asked for."""

from rag.prompt import CITE, told, with_passages
from workbench.run import Passage


def test_the_default_prompt_is_what_it_always_was() -> None:
    text = with_passages("What does it cost?", ["The lamp\n costs 9.", "Blue."])
    assert text == (
        'Answer from the passages. If they do not hold the answer, say "I do not know."\n\nPassages:\n'
        "[1] The lamp costs 9.\n[2] Blue.\n\nQuestion: What does it cost?"
    )


def test_citations_are_asked_for_behind_the_question_and_nowhere_else() -> None:
    plain, citing = (with_passages("What?", ["One."], cite=cite) for cite in (False, True))
    assert citing == f"{plain} {CITE}"


def passage(text: str, *, page: int | None = None, heading: str = "") -> Passage:
    return Passage(id="a.pdf#1", document="a.pdf", text=text, score=1.0, page=page, heading=heading)


def test_a_passage_says_where_it_stands_unless_its_text_does() -> None:
    assert told(passage("Text.")) == "Text."
    assert told(passage("Text.", page=3)) == "(a.pdf, page 3) Text."
    assert told(passage("Text.", page=3, heading="Prices > Lamps")) == "(a.pdf, page 3, Prices > Lamps) Text."
    assert told(passage("Prices > Lamps\nText.", heading="Prices > Lamps")) == "Prices > Lamps\nText."
