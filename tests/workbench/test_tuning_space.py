"""What is searched over follows from a candidate's parts, and its own values are among it."""

from pathlib import Path

import pytest

from tests.toy_tuning import case_to_tune
from workbench.candidate import Candidate, Prompt, Retrieval
from workbench.case import Case, presets
from workbench.errors import ConfigError
from workbench.learning_rates import learning_rate
from workbench.stage import Grpo, Lora, Sft
from workbench.tuning_space import (
    Dimension,
    instruction_of,
    own_settings,
    read_wordings,
    space,
    with_settings,
    words_of,
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_to_tune(tmp_path_factory.mktemp("space") / "workspace")


def named(candidate: Candidate, case: Case) -> dict[str, Dimension]:
    return {one.name: one for one in space(candidate, case)}


def test_it_follows_from_the_parts(case: Case) -> None:
    asked, trained = {"prompt.instruction"}, {f"training.1.{name}" for name in ("learning_rate", "epochs")}
    cut = ("chunk_tokens", "chunk_overlap", "chunking", "parent_tokens")
    found = {f"retrieval.{name}" for name in (*cut, "search", "passages", "diversity")}
    rank = {"training.1.adapter.rank"}
    known = presets()
    assert set(named(known["zero-shot"], case)) == asked | {"prompt.examples"}
    assert set(named(known["rag"], case)) == asked | found | {"prompt.examples"}
    ranked = Candidate(name="ranked", retrieval=Retrieval(reranker="./ranks"))
    assert named(ranked, case)["retrieval.reranker"].values == ("./ranks", None)
    assert set(named(known["sft"], case)) == asked | trained | rank
    assert set(named(known["rag-sft"], case)) == asked | found | trained | rank
    reinforced = Candidate(name="rl", training=(Sft(), Grpo()))
    assert "training.2.learning_rate" in named(reinforced, case)
    assert "training.2.epochs" not in named(reinforced, case)


def test_its_own_values_are_in_their_places(case: Case) -> None:
    one = Candidate(name="odd", retrieval=Retrieval(passages=4, chunk_tokens=100, chunk_overlap=33))
    found = named(one, case)
    assert found["retrieval.passages"].values == (1, 2, 3, 4, 5, 8)
    assert found["retrieval.chunk_tokens"].values == (48, 96, 100, 160, 240)
    assert found["retrieval.chunk_overlap"].values == (0.0, 0.2, 0.33, 0.4)
    own = own_settings(one, space(one, case))
    assert own["retrieval.passages"] == 4
    assert with_settings(one, own, instruction="Answer.") == one


def test_the_rate_that_is_chosen_by_size_stands_between_the_others(case: Case) -> None:
    rates = named(presets()["sft"], case)["training.1.learning_rate"].values
    place = rates.index(None)
    own = learning_rate(Sft(), 3_500_000)
    assert all(float(str(rate)) < own for rate in rates[:place])
    assert all(float(str(rate)) > own for rate in rates[place + 1 :])
    assert 0 < place < len(rates) - 1
    far = Candidate(name="far", base_model="Qwen/Qwen3-0.6B", training=(Sft(),))
    assert named(far, case)["training.1.learning_rate"].values[0] is None


def test_settings_are_written_where_they_stand(case: Case) -> None:
    both = presets()["rag-sft"]
    settings = {
        "prompt.instruction": "{instruction} Be brief.",
        "retrieval.chunk_tokens": 48,
        "retrieval.chunk_overlap": 0.4,
        "training.1.learning_rate": 0.001,
        "training.1.adapter.rank": 64,
    }
    turned = with_settings(both, settings, instruction=instruction_of(both, case))
    assert turned.prompt.instruction == f"{case.use_case.instruction} Be brief."
    assert turned.retrieval is not None
    assert (turned.retrieval.chunk_tokens, turned.retrieval.chunk_overlap) == (48, 19)
    stage = turned.training[0]
    assert stage.learning_rate == 0.001
    assert isinstance(stage.adapter, Lora)
    assert stage.adapter.alpha / stage.adapter.rank == 2
    with pytest.raises(ConfigError, match="passages"):
        with_settings(both, {"retrieval.passages": 0}, instruction="")


def test_an_instruction_of_its_own_is_what_others_begin_with(case: Case) -> None:
    one = Candidate(name="told", prompt=Prompt(instruction="Only say the price."))
    assert instruction_of(one, case) == "Only say the price."
    turned = with_settings(one, {"prompt.instruction": "{instruction} Please."}, instruction="Only say the price.")
    assert turned.prompt.instruction == "Only say the price. Please."


def test_instructions_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "wordings.txt"
    path.write_text("# ours\n{instruction} Be kind.\n\nSay it in French.\n", encoding="utf-8")
    assert read_wordings(path) == ("{instruction} Be kind.", "Say it in French.")
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no instruction"):
        read_wordings(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_wordings(tmp_path / "none.txt")


def test_nothing_to_search_is_said(case: Case) -> None:
    case.freeze("train", [])
    with pytest.raises(ConfigError, match="nothing to search over"):
        space(presets()["zero-shot"], case, wordings=())


def test_settings_in_words() -> None:
    assert words_of("retrieval.search", "hybrid") == "search hybrid"
    assert words_of("retrieval.chunk_overlap", 0.4) == "chunk overlap 40 %"
    assert words_of("training.1.learning_rate", None) == "learning rate by size"
    assert words_of("training.2.epochs", 2.0) == "stage 2 epochs 2"
    assert words_of("prompt.instruction", "{instruction} Be brief.") == "instruction “… Be brief.”"
    assert words_of("prompt.instruction", None) == "instruction as given"
