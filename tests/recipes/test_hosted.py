"""A hosted model as a candidate, against a server that speaks the protocol and fails now and then."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from recipes import endpoint
from recipes.endpoint import Pace
from tests.judge_server import Server, serving
from tests.toys import toy_case
from workbench.candidate import Candidate, Hosted
from workbench.case import Case
from workbench.cli import main
from workbench.errors import ConfigError
from workbench.planning import make_plan
from workbench.results import decide, load_results
from workbench.usecase import Limits

KEY = "sk-very-secret-key"
TEST = 60


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = toy_case(tmp_path / "workspace", "product-facts", "hosted")
    made.save(made.use_case.model_copy(update={"limits": Limits(), "machine_cost_per_hour": None}))
    return made


@pytest.fixture
def server(case: Case) -> Iterator[Server]:
    """Knows half of the answers, and says so of the rest."""
    known = {one.question: one.target for one in list(case.examples("test"))[::2]}
    with serving(lambda question: known.get(question, "I do not know.")) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.02)
    monkeypatch.setattr("workbench.planning.TIMED_REQUESTS", 5)


def candidate(server: Server, name: str = "hosted-model", **hosted: object) -> Candidate:
    return Candidate.model_validate(
        {"name": name, "base_model": "openai:some-model", "hosted": {"endpoint": server.url, **hosted}}
    )


def run(case: Case, *candidates: Candidate) -> int:
    """As a user would: with the command, the engine a process of its own."""
    case.choose(candidates)
    return main(["run", case.name, "--workspace", str(case.workspace)])


PRICES = {"input_price": 2.0, "output_price": 8.0}


def test_it_is_answered_scored_priced_and_compared(
    case: Case, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.statuses = [500, 200, 200, 200, 429] * 20
    few = candidate(server, "few").model_copy(
        update={"prompt": candidate(server).prompt.model_copy(update={"examples": 2})}
    )
    assert run(case, candidate(server, **PRICES), few) == 0, capsys.readouterr()
    results = load_results(case)
    one = results.find("hosted-model")
    assert one.values["exact_match"].mean() == pytest.approx(0.5)
    assert one.abstained.mean() == pytest.approx(0.5)
    responses = one.responses()
    assert sum(each.seconds is not None for each in responses) == 5
    assert all(each.cost is not None and each.cost > 0 for each in responses)
    earned = {each.candidate: each for each in decide(results).earnings.candidates}
    cost = earned["hosted-model"].cost
    assert cost is not None
    assert cost.answering == pytest.approx(sum(each.cost or 0.0 for each in responses) / TEST)
    facts = one.steps[0]["answer"].record.facts
    assert facts["tokens_counted_by"] == "the endpoint"
    assert facts["cost"] == pytest.approx(cost.answering * TEST)
    # The instruction and the solved examples are sent as to any model.
    longest = max(server.asked, key=lambda asked: len(asked["messages"]))
    roles = ["system", "user", "assistant", "user", "assistant", "user"]
    assert [turn["role"] for turn in longest["messages"]] == roles
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_the_key_stands_nowhere(case: Case, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    server.statuses = [401]
    assert run(case, candidate(server)) == 2
    told = "".join(capfd.readouterr())
    assert "refuses" in told
    assert run(case, candidate(server)) == 0
    assert main(["report", case.name, "--workspace", str(case.workspace)]) == 0
    told += "".join(capfd.readouterr())
    assert KEY not in told
    files = [path for path in case.workspace.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_stop_in_the_middle_is_taken_up_there(case: Case, server: Server) -> None:
    one = candidate(server, at_once=2)
    server.statuses = [200] * 30 + [400] * 400
    assert run(case, one) == 2
    first = len(server.asked)
    server.statuses.clear()
    assert run(case, one) == 0
    assert len(server.asked) - first <= TEST - 28, "what was answered is not asked again"
    assert load_results(case).find(one.name).values["exact_match"].mean() == pytest.approx(0.5)


def test_the_budget_is_kept_and_may_be_raised(case: Case, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    whole = candidate(server, **PRICES)
    assert run(case, whole) == 0
    cost = float(load_results(case).find(whole.name).steps[0]["answer"].record.facts["cost"])
    asked = len(server.asked)
    tight = candidate(server, "tight", at_once=1, spend_at_most=cost / 2, **PRICES).model_copy(
        update={"decoding": whole.decoding.model_copy(update={"max_new_tokens": 50})}
    )
    assert run(case, tight) == 2
    assert "more than hosted.spend_at_most" in "".join(capfd.readouterr())
    half = len(server.asked) - asked
    assert 0.3 * TEST < half < 0.8 * TEST
    raised = tight.model_copy(update={"hosted": tight.hosted.model_copy(update={"spend_at_most": 10 * cost})})
    assert run(case, raised) == 0
    assert len(server.asked) - asked == TEST, "each request was paid for once"


def test_what_changes_nothing_of_the_answers_asks_nothing_again(case: Case, server: Server) -> None:
    one, other = candidate(server), candidate(server, at_once=3, requests_per_minute=600.0)
    assert make_plan(case, [one]).steps.keys() == make_plan(case, [other]).steps.keys()
    elsewhere = candidate(server).model_copy(update={"hosted": Hosted(endpoint="http://localhost:1/v1")})
    assert make_plan(case, [one]).steps.keys() != make_plan(case, [elsewhere]).steps.keys()


def test_it_is_not_trained_and_a_cap_needs_prices(case: Case, server: Server) -> None:
    trained = yaml.safe_load("name: t\nbase_model: openai:m\ntraining: [{method: sft}]")
    with pytest.raises(ConfigError, match="weights are not here"):
        make_plan(case, [Candidate.parse(trained, where="t")])
    with pytest.raises(ConfigError, match="input_price and output_price"):
        Candidate.parse({"name": "t", "hosted": {"spend_at_most": 1.0}}, where="t")


def test_requests_keep_their_pace() -> None:
    pace, waited = Pace(6_000.0), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipes.hosted.time.sleep", waited.append)
        patch.setattr("recipes.hosted.time.monotonic", lambda: 100.0)
        for _ in range(4):
            pace.wait()
    assert waited == pytest.approx([0.01, 0.02, 0.03])
    assert endpoint.ATTEMPTS > 1
