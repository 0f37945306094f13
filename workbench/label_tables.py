"""What is stored about people's choices: queues, what they show, who saw it and what was chosen."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can change it on every database."""


class Base(DeclarativeBase):
    """The tables as a whole."""

    metadata = MetaData(naming_convention=NAMES)


class AnnotatorRow(Base):
    """Somebody who chooses: a person, or a model that judges."""

    __tablename__ = "annotators"
    id: Mapped[int] = mapped_column(primary_key=True)
    workspace: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    """person or model."""
    created: Mapped[float]
    __table_args__ = (UniqueConstraint("workspace", "name"),)


class QueueRow(Base):
    """A question to people: which candidates, on which prompts, how often each pair is judged."""

    __tablename__ = "queues"
    id: Mapped[int] = mapped_column(primary_key=True)
    workspace: Mapped[str] = mapped_column(String(64))
    case: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    question: Mapped[str] = mapped_column(String(20))
    split: Mapped[str] = mapped_column(String(20))
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The candidates as they were: the whole noun of each, in the order that the numbers below mean."""
    overlap: Mapped[int]
    budget: Mapped[int]
    repeats: Mapped[float]
    hold: Mapped[float]
    reveal: Mapped[bool]
    guide: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    created: Mapped[float]
    closed: Mapped[float | None]
    labels: Mapped[int] = mapped_column(default=0)
    """People's labels so far, counted as they come: to count them anew takes longer the more there are."""
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every label that is given, taken back or taken in."""
    __table_args__ = (UniqueConstraint("workspace", "case", "name"),)


class PromptRow(Base):
    """One request of a queue."""

    __tablename__ = "prompts"
    id: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    example: Mapped[str] = mapped_column(Text)
    cluster: Mapped[str] = mapped_column(Text)
    messages: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    __table_args__ = (UniqueConstraint("queue_id", "example"),)


class AnswerRow(Base):
    """What one candidate answered to one request, as it is shown."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompts.id", ondelete="CASCADE"))
    candidate: Mapped[int]
    """Its number among the queue's candidates."""
    run: Mapped[str] = mapped_column(Text)
    """The step in which it was answered; empty where it came from elsewhere."""
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the text without its outer spaces: two answers of one digest are not worth showing."""
    __table_args__ = (UniqueConstraint("prompt_id", "candidate"),)


class ShowingRow(Base):
    """Two answers to one request on one annotator's screen: reserved first, then labelled."""

    __tablename__ = "showings"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompts.id", ondelete="CASCADE"))
    first: Mapped[int]
    """The smaller candidate number of the two."""
    second: Mapped[int]
    first_left: Mapped[bool]
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotators.id"))
    by_model: Mapped[bool] = mapped_column(default=False)
    """A judge's: it takes no place, and nothing that people are shown depends on it."""
    place: Mapped[int | None]
    """Which of the pair's ``overlap`` places this takes; None: none, as it ran out, was skipped or is a repeat."""
    repeats: Mapped[str | None] = mapped_column(ForeignKey("showings.id", ondelete="CASCADE"))
    """The showing that this one repeats with sides swapped."""
    reserved: Mapped[float]
    until: Mapped[float]
    choice: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float | None]
    labelled: Mapped[float | None]
    __table_args__ = (
        UniqueConstraint("prompt_id", "first", "second", "place"),
        UniqueConstraint("repeats"),
        Index(
            "uq_showings_once",
            "prompt_id", "first", "second", "annotator_id",
            unique=True, sqlite_where=text("repeats IS NULL"), postgresql_where=text("repeats IS NULL"),
        ),
        # Holds all that is counted before a pair is chosen, so that no row has to be looked up.
        Index(
            "ix_showings_counts",
            "queue_id", "first", "second", "prompt_id", "place", "annotator_id", "first_left", "choice",
            sqlite_where=text("repeats IS NULL AND NOT by_model"),
            postgresql_where=text("repeats IS NULL AND NOT by_model"),
        ),
        Index("ix_showings_open", "queue_id", "until", sqlite_where=text("choice IS NULL"),
              postgresql_where=text("choice IS NULL")),
        Index("ix_showings_own", "annotator_id", "queue_id", "labelled"),
        CheckConstraint("first < second", name="ordered"),
        CheckConstraint("choice IN ('left', 'right', 'tie', 'neither', 'skip')", name="choice"),
    )  # fmt: skip


class ChangeRow(Base):
    """One thing that happened to a label: nothing that was ever chosen is forgotten."""

    __tablename__ = "changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    showing_id: Mapped[str] = mapped_column(ForeignKey("showings.id", ondelete="CASCADE"), index=True)
    at: Mapped[float]
    action: Mapped[str] = mapped_column(String(10))
    """given, undone or imported."""
    choice: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float | None]
