"""A model says what supports a claim: a toy NLI model, a judge, and how both are held against people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from evals import support as supporting
from evals.checking import Asked, Checked
from evals.nli import Nli, hypothesis
from evals.support import Checkers, check_support
from evals.support_judge import SupportJudge, read_verdict
from tests.evals.test_measuring import EXAMPLES, step
from tests.evals.test_measuring import workspace as workspace
from workbench.claim_labels import CheckedClaim, agreements
from workbench.errors import ConfigError, NotFound, WorkbenchError
from workbench.measures import Measures
from workbench.support import Support
from workbench.workspace import Step, read_jsonl, write_jsonl

WORDS = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", *"the lamp costs 49 crowns chair is blue what does it cost".split()]


def toy_nli(folder: Path, labels: Sequence[str]) -> Path:
    """The folder of a random model of one layer with these labels."""
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, num_labels=len(labels), id2label=dict(enumerate(labels)), initializer_range=1.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def asked(claim: str, *passages: str, question: str = "what does it cost") -> Asked:
    return Asked(question, claim, passages)


def test_a_cross_encoder_says_what_follows(tmp_path: Path) -> None:
    nli = Nli(str(toy_nli(tmp_path, ["contradiction", "entailment", "neutral"])))
    claims = [asked("49 crowns", "the lamp costs 49 crowns", "the chair is blue"), asked("blue"), asked("blue", "the")]
    found = nli(claims)
    assert [len(one or ()) for one in found] == [2, 0, 1]
    # Which label a random model prefers is chance, and the same whatever else is asked with it.
    assert nli(claims[:1])[0] == found[0]
    assert nli([]) == []


def test_a_model_without_entailment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its labels are good, bad"):
        Nli(str(toy_nli(tmp_path, ["good", "bad"])))
    with pytest.raises(NotFound):
        Nli("./nowhere")


def test_short_claims_are_read_with_their_question() -> None:
    assert hypothesis(asked("49 crowns")) == "what does it cost 49 crowns"
    assert hypothesis(asked("The old lamp costs exactly 49 crowns.")) == "The old lamp costs exactly 49 crowns."


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("It is in the second. [[2]]", [False, True, False]),
        ("[[1]] no wait [[1, 3]]", [True, False, True]),
        ("Nothing says so. [[None]]", [False, False, False]),
        ("[[4]]", None),
        ("the second", None),
        ("", None),
    ],
)
def test_verdicts_of_a_judge(reply: str, verdict: Checked) -> None:
    assert read_verdict(reply, passages=3) == verdict


def test_a_judge_is_shown_all_passages_and_given_up_where_it_talks_nonsense() -> None:
    seen: list[str] = []

    def ask(questions: Sequence[str]) -> list[str]:
        seen.extend(questions)
        return ["[[2]]"] * len(questions)

    assert SupportJudge("wise", ask)([asked("49 crowns", "one\ntext", "two")]) == [[False, True]]
    assert "[Passage 1] one text\n[Passage 2] two" in seen[0]
    assert "49 crowns" in seen[0]
    with pytest.raises(WorkbenchError, match="30 of 30 replies of the judge mad hold no verdict"):
        SupportJudge("mad", lambda questions: ["?"] * len(questions))([asked("x", "y")] * 30)


class Says(Checkers):
    """A model that finds every claim supported by the passages that hold its last word; counts what it is asked."""

    def __init__(self, *, silent: str = "") -> None:
        super().__init__()
        self.silent, self.asked = silent, 0

    def of(self, step: Step) -> Any:
        del step
        return self.check

    def check(self, asked: Sequence[Asked]) -> list[Checked]:
        self.asked += len(asked)
        return [
            None if one.claim == self.silent else [one.claim.split()[-1] in text for text in one.passages]
            for one in asked
        ]


def checked(workspace: Path, checkers: Checkers) -> dict[str, Measures]:
    made = step(
        workspace, "support", inputs={"support": {"nli": "toy"}},
        needs={"retrieve": "retrieve-a", "answers": "answer-a"}, files={"examples": "test.jsonl"},
    )  # fmt: skip
    check_support(made, checkers=checkers)
    rows = (Measures.parse(record, where="test") for record in read_jsonl(made.path("measures.jsonl")))
    return {one.example: one for one in rows}


def test_a_model_measures_beside_the_words(workspace: Path) -> None:
    found = checked(workspace, Says())
    assert set(found) == {one.id for one in EXAMPLES}
    assert found["by-id"].values == {
        "grounded_judged": 1.0, "citation_precision_judged": 1.0, "citation_recall_judged": 1.0,
    }  # fmt: skip


def test_where_the_model_says_nothing_there_is_no_value(workspace: Path) -> None:
    found = checked(workspace, Says(silent="49 crowns"))
    assert not any(one.values for one in found.values())
    assert found["by-id"].reasons["grounded_judged"] == "the model gave no verdict"


def test_what_was_asked_before_a_stop_is_not_asked_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supporting, "AT_ONCE", 2)
    calls = Says()
    broken = Says()

    def dies(asked: Sequence[Asked]) -> list[Checked]:
        if broken.asked:
            raise KeyboardInterrupt
        return Says.check(broken, asked)

    broken.check = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        checked(workspace, broken)
    found = checked(workspace, calls)
    assert calls.asked == len(EXAMPLES) - 2
    assert len(found) == len(EXAMPLES)


def test_claims_that_people_labelled(workspace: Path) -> None:
    usual = {"example": "e", "question": "What does the lamp cost?", "passages": ["The lamp costs 49 crowns."]}
    rows = [
        usual | {"claim": "49 crowns", "supported": True},
        usual | {"claim": "94 crowns", "supported": False},
        usual | {"claim": "It does not cost 49 crowns.", "supported": False},
    ]
    write_jsonl(workspace / "labels.jsonl", rows)
    made = step(workspace, "support", files={"claims": "labels.jsonl"})
    check_support(made, checkers=Says())
    found = tuple(CheckedClaim.parse(record, where="test") for record in read_jsonl(made.path("labelled.jsonl")))
    words, model = agreements(found)
    # Words do not see the "not".
    assert (words.check, words.n, words.too_generous, words.too_strict) == ("words", 3, 1, 0)
    assert (model.check, model.too_generous) == ("model", 1 + 1)
    assert words.share == pytest.approx(2 / 3)
    assert words.low < words.share < words.high
    assert words.kappa == pytest.approx((2 / 3 - 4 / 9) / (5 / 9))


def test_agreement_needs_labels() -> None:
    assert agreements(()) == ()
    same = [CheckedClaim(example="a", person=True, words=True)] * 4
    (words,) = agreements(same)
    assert (words.share, words.kappa) == (1, None)


def test_a_model_is_named_in_one_way() -> None:
    with pytest.raises(ConfigError, match="name one of nli and judge"):
        Support.parse({}, where="test")
    with pytest.raises(ConfigError, match="name one of nli and judge"):
        Support.parse({"nli": "a/b", "judge": {"model": "c"}}, where="test")
    judge = Support.parse({"judge": {"model": "c", "endpoint": "http://localhost:1/v1"}}, where="test")
    assert (judge.name, judge.identity) == ("c", "c")
    assert Support.parse({"nli": "a/b"}, where="test").identity == "hub:a/b"
