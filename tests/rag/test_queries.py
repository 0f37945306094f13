"""A request is found by what was made of it, beside itself; what was not made leaves it as it is."""

from pathlib import Path

import numpy as np
import pytest

from rag.queries import searches
from rag.steps import Embedders, make_index, retrieve
from tests.rag.test_rag_steps import DOCUMENTS, example, found_in, make_step, workspace  # noqa: F401
from workbench.run import Rewritten
from workbench.workspace import Step, read_jsonl, write_jsonl


def test_one_ranking_for_each_request() -> None:
    asked = searches(
        [example("a", "lamp?"), example("b", "ferry?"), example("c", "bread?")],
        {"a": Rewritten(example="a", queries=("the lamp", "costs")), "b": Rewritten(example="b", reason="empty")},
    )
    assert asked.every == ["lamp?", "the lamp", "costs", "ferry?", "bread?"]
    assert asked.firsts == [0, 3, 4]
    assert asked.for_each(["x", None, "z"]) == ["x", "x", "x", None, "z"]
    near = np.float32([[1, 0], [0.6, 0.8], [-1, 0], [0, 1], [1, 0]])
    rankings = [[(1, 0.9), (2, 0.8)], [(2, 0.7), (5, 0.1)], [(9, 5.0)], [(7, 0.5)], []]
    found = asked.together(rankings, near, way="dense")
    assert found[0] == [
        (2, pytest.approx(0.8 + 0.6 * 0.7)),
        (1, pytest.approx(0.9 + 0.6 * 0.1)),
        (5, pytest.approx(0.8 + 0.6 * 0.1)),
        (9, pytest.approx(0.8 + 0.6 * 0.1)),
    ], "of a query that points the other way nothing counts"
    assert found[1:] == [[(7, 0.5)], []]
    by_words = dict(asked.together(rankings, near, way="lexical")[0])
    assert by_words == pytest.approx({1: 0.9, 2: 0.8 + 0.6 * 0.7, 5: 0.6 * 0.1, 9: 0})
    assert searches([], {}).together([], near[:0], way="dense") == []


@pytest.mark.usefixtures("workspace")
def test_queries_find_what_the_request_does_not_say(tmp_path: Path) -> None:
    folder = make_step(tmp_path, "rewrite-c", inputs={}, status="done")
    made = [
        Rewritten(
            example="q1", queries=("lamp cost chair made oak", "what does the oak cost"), seconds=0.5, prompt_tokens=7
        ),
        Rewritten(example="ferry", queries=("the ferry",), seconds=0.25),
        Rewritten(example="more-0", reason="empty", seconds=0.125),
        *(Rewritten(example=f"more-{n}", reason="empty") for n in range(1, 60)),
    ]
    write_jsonl(folder.path("queries.jsonl"), [one.model_dump(mode="json") for one in made])
    index, plain = Step(tmp_path / "steps/index-a"), Step(tmp_path / "steps/retrieve-b")
    embedders = Embedders()
    make_index(index, embedders=embedders)
    retrieve(plain, embedders=embedders)
    more = make_step(
        tmp_path, "retrieve-d", inputs=plain.record.inputs, files=plain.record.files,
        needs=plain.record.needs | {"queries": "rewrite-c"},
    )  # fmt: skip
    retrieve(more, embedders=embedders)
    before, after = found_in(plain), found_in(more)
    assert before[0].passages[0].text == DOCUMENTS["lamp"]
    assert [one.document for one in before[0].passages] != [one.document for one in after[0].passages]
    assert [one.document for one in after[0].passages] == ["lamp", "chair"], "found beside what the request finds"
    assert "ferry" not in {passage.document for passage in after[1].passages}, "the example's own document"
    assert [one.passages for one in after[2:]] == [one.passages for one in before[2:]]
    assert after[0].rewritten == made[0]
    assert after[2].rewritten is not None
    assert [one.rewritten for one in before] == [None] * len(before)
    assert not any("rewritten" in record for record in read_jsonl(plain.path("retrieved.jsonl")))
    for n, took in enumerate((0.5, 0.25, 0.125)):
        seconds = after[n].seconds
        assert seconds is not None
        assert took < seconds, "the rewriting counts in the time of a request"
    assert after[3].seconds is None, "a time of which a part is not known is not known"
