"""The raw rows of a use case's finished runs, wherever they lie: all that a recommendation and its report follow from.

Two kinds of them are the same to whoever decides or writes a report: those in the folders of a workspace
(``workbench.results``) and those that a report carries (``workbench.carried``). So a report is checked by building it
again from the rows that it carries, with the code that built it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.audit import Audit
from workbench.candidate import Approach, Candidate, tunes_embedder
from workbench.chances import Chance
from workbench.checked import AllChecked
from workbench.claim_labels import CheckedClaim
from workbench.cost import Measured
from workbench.errors import WorkbenchError
from workbench.examples import Examples
from workbench.facts import Facts
from workbench.given import Given
from workbench.measures import MeasureName
from workbench.model import Noun
from workbench.panel import Panel, Scores
from workbench.people import Deciding, deciding_labels
from workbench.probe_rows import Probed
from workbench.question import Question
from workbench.recommend import Recommendation, recommend
from workbench.retrieval_notes import Prepared
from workbench.run import Response, Retrieved
from workbench.searched import Searched
from workbench.sought import Sought
from workbench.statistics.arrays import Floats
from workbench.usecase import MetricName, Split, UseCase

Places = tuple[tuple[int, ...], ...]
"""Positions of examples, run by run."""


class Took(Noun):
    """What a candidate's answers and its training took, run by run."""

    seconds: tuple[float, ...] = ()
    """Time of single requests of the first run."""
    timed: tuple[str, ...] = ()
    """The examples of those requests, in the same order."""
    costs: tuple[float, ...] = ()
    """Cost of single requests of the first run, where that came with the answers."""
    prompt_tokens: tuple[float, ...] = ()
    """Mean a request, of each run that noted it."""
    completion_tokens: tuple[float, ...] = ()
    """Mean a request, of each run that noted it."""
    training: tuple[float, ...] = ()
    """Seconds of all stages, of each run; empty where nothing is trained here."""
    answering_mb: tuple[float, ...] = ()
    """The most memory that answering held, of each run that noted it."""
    training_mb: tuple[float, ...] = ()
    """The most memory that any stage of training held, of each run that noted it."""
    prepared: Prepared = Prepared()
    """What was done so that passages are found and read."""


class Planned(Noun):
    """One run as it was planned, finished or not."""

    candidate: str
    approach: Approach
    seed: int


@dataclass(frozen=True, eq=False, kw_only=True)
class CandidateRows(ABC):
    """What the finished runs of one candidate gave."""

    candidate: Candidate
    values: Mapping[MetricName, Floats]
    """By metric: shape (runs, examples); NaN where the instrument failed."""
    abstained: NDArray[np.bool_]
    """Where the answer only says that it does not know: shape (runs, examples)."""
    failed: Mapping[str, Places]
    """The answers that were no answer in the asked-for form, by kind."""
    unscored: Mapping[str, Places]
    """The answers without a score on the primary metric, by the reason."""
    measures: Mapping[MeasureName, Floats] = field(default_factory=dict)
    """What was found and what answers rest on, by measure: shape (runs, examples); NaN where there is no value."""
    unmeasured: Mapping[MeasureName, Mapping[str, Places]] = field(default_factory=dict)
    """The examples without a value under each measure, by the reason."""

    @property
    def failures(self) -> Mapping[str, int]:
        """How many answers of all runs were no answer in the asked-for form, by kind."""
        return {kind: sum(map(len, places)) for kind, places in self.failed.items()}

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    @property
    def trains(self) -> bool:
        """Whether anything of it is trained: its weights, or the embedder of its retrieval."""
        return bool(self.candidate.training) or tunes_embedder(self.candidate)

    @property
    @abstractmethod
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are finished, in order."""

    @property
    @abstractmethod
    def answered(self) -> tuple[str, ...]:
        """The step in which each run answered: other answers are another step."""

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What is so, whatever was measured."""

    @abstractmethod
    def responses(self, seed_position: int = 0) -> tuple[Response, ...]:
        """The answers of one run, in the order of the examples."""

    @abstractmethod
    def retrieved(self, split: str = "test") -> Mapping[str, Retrieved]:
        """What retrieval found, by example; empty where the candidate retrieves nothing."""

    @abstractmethod
    def took(self) -> Took:
        """What its answers and its training took."""

    def measured(self) -> Measured:
        """What its answers and its training took, as one."""
        took = self.took()
        return Measured(
            seconds=took.seconds,
            timed=took.timed,
            costs=took.costs,
            prompt_tokens=_mean(took.prompt_tokens),
            completion_tokens=_mean(took.completion_tokens),
            train_seconds=_mean(took.training),
            answering_mb=max(took.answering_mb, default=None),
            training_mb=max(took.training_mb, default=None),
        )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows(ABC):
    """All that is known so far about a use case's candidates, on the same examples."""

    use_case: UseCase
    examples: Examples
    candidates: Sequence[CandidateRows]
    """Those with at least one finished run."""
    waiting: tuple[str, ...]
    """Those without."""
    checked: AllChecked
    """What training cost the candidates, as far as that was measured."""
    leaked: frozenset[str] = frozenset()
    """Test examples whose answers some candidate may have seen in the training set: they are in no comparison."""
    probed: tuple[Probed, ...] = ()
    """What explains who wins, as far as it was measured."""
    searched: tuple[Searched, ...] = ()
    """The searches over candidates' settings, on the development set."""
    labelled: tuple[CheckedClaim, ...] = ()
    """Claims that people labelled as supported or not, as rules and a model see them."""

    # --- What else there is ---------------------------------------------------------------------------

    @property
    @abstractmethod
    def asked(self) -> Question | None:
        """The question as it stood before any score was seen; None where nobody froze it."""

    @property
    @abstractmethod
    def split(self) -> Split:
        """The split that the examples are of."""

    @property
    @abstractmethod
    def planned(self) -> tuple[Planned, ...]:
        """Every run that there is to be, in order."""

    @property
    @abstractmethod
    def development(self) -> tuple[str, ...]:
        """What each example of the development set is counted under, in order."""

    @abstractmethod
    def audit(self) -> Audit:
        """What is wrong with the examples."""

    @abstractmethod
    def given(self) -> tuple[Given, ...]:
        """People's labels on test requests, queue by queue, the newest first, annotators by number."""

    @abstractmethod
    def sees_training_answers(self, name: str) -> bool:
        """Whether a candidate learns, quotes or retrieves training answers, so that leaked examples flatter it."""

    @abstractmethod
    def stopped(self, name: str) -> str:
        """What stopped a candidate's run, in words; empty where nothing did."""

    @abstractmethod
    def after_stage(self, name: str, number: int) -> Floats | None:
        """A candidate's values on the development set as one stage left it; None where some run was not measured there.

        ``number`` 0: before training. Shape (runs, examples); NaN where the instrument failed.
        """

    @abstractmethod
    def sought(self, name: str) -> Sought | None:
        """What became of the passages that would answer each example; None where a candidate retrieves nothing."""

    @abstractmethod
    def chances(self) -> tuple[tuple[str, Chance], ...]:
        """What candidates that are reinforced could do before, each with the candidate's name."""

    # --- What follows from it -------------------------------------------------------------------------

    def valued(self, metric: MetricName | None = None) -> NDArray[np.bool_]:
        """The examples on which every finished run has a value of a metric. Shape (examples,)."""
        tables = [one.values[metric or self.use_case.metric] for one in self.candidates]
        return np.asarray(~np.isnan(np.concatenate(tables)).any(axis=0), dtype=np.bool_)

    @property
    def excluded(self) -> int:
        """How many examples are left out of the comparison since an instrument failed on them."""
        return int((~self.valued()).sum())

    @property
    def clean(self) -> NDArray[np.bool_]:
        """The examples that do not stand in the training set, too. Shape (examples,)."""
        return np.array([example.id not in self.leaked for example in self.examples], dtype=np.bool_)

    def panel(self, metric: MetricName | None = None) -> Panel:
        """The matrix of scores that comparisons are made of, on the examples that everybody has a value for.

        Raises WorkbenchError where no run is finished, or no example is left.
        """
        name = self.use_case.name
        if not self.candidates:
            raise WorkbenchError("No run is finished yet.", f"Start them with `workbench run {name}`.")
        chosen = metric or self.use_case.metric
        kept = np.flatnonzero(self.valued(chosen) & self.clean)
        if not len(kept) and self.leaked:
            raise WorkbenchError(
                f"All {len(self.examples):,} test examples stand in the training set: nothing is left to compare on.",
                f"Leave them out of the training rows: `workbench check {name} --mend`, then run again.",
            )
        return Panel(
            candidates=tuple(
                Scores(
                    one.name,
                    one.candidate.approach,
                    one.candidate.trained,
                    one.values[chosen][:, kept],
                    one.abstained[:, kept],
                )
                for one in self.candidates
            ),
            items=tuple(self.examples[int(i)].id for i in kept),
            clusters=tuple(self.examples[int(i)].cluster for i in kept),
            tags=tuple(self.examples[int(i)].tags for i in kept),
            metric=chosen,
        )

    def measured(self, one: CandidateRows) -> Measured:
        """What a candidate took and what training cost it."""
        found = self.checked.candidates.get(one.name)
        base = self.checked.bases.get(str(one.candidate.base_model))
        trained = one.candidate.trained
        return one.measured().model_copy(
            update={
                "trained": trained,
                "facts": one.facts,
                "losses": found.losses if found is not None else (),
                "refusals": (found.refusals if found is not None else None) if trained else base,
            }
        )

    def find(self, name: str) -> CandidateRows:
        """The finished runs of one candidate by name."""
        return next(one for one in self.candidates if one.name == name)

    def disagreements(self) -> list[int]:
        """Positions of the examples on which the candidates' mean primary scores differ, most first."""
        means = np.stack([one.values[self.use_case.metric].mean(axis=0) for one in self.candidates])
        spread = np.nan_to_num(means.max(axis=0) - means.min(axis=0))
        return [int(i) for i in np.argsort(-spread, kind="stable") if spread[i] > 0]


def decide(rows: Rows) -> Recommendation:
    """The recommendation that follows from what is measured so far; the same rows give the same one.

    Raises WorkbenchError where no run is finished, or where people decide and nobody has labelled.
    """
    measured = {one.name: rows.measured(one) for one in rows.candidates}
    panel, by_people = rows.panel(), None
    if rows.use_case.decided_by == "preference":
        panel, deciding = labelled_panel(rows)
        by_people = deciding.analysis
    rng = np.random.default_rng(0)
    return recommend(rows.use_case, panel, measured, rng=rng, by_people=by_people, asked=rows.asked, probed=rows.probed)


def labelled_panel(rows: Rows) -> tuple[Panel, Deciding]:
    """The scores of the candidates that people's choices are about, and those choices.

    Raises as ``deciding_labels`` does.
    """
    panel = rows.panel()
    deciding = deciding_labels(rows.given(), rows.use_case, {one.name: one.answered for one in rows.candidates})
    return panel.among(deciding.seeds), deciding
