"""The errors a user can mend.

    WorkbenchError          something the user can put right: a message and a hint
    |- DataError            a file, row or column that cannot be used
    |- ConfigError          a use case, candidate or option that does not add up
    |- NotFound             a use case, base model, document or package that is not there
    `- Stopped              the user asked for it; what was done so far is kept

Everything else is a bug and keeps its traceback.
"""


class WorkbenchError(Exception):
    """A problem the user can mend, with what to do about it.

    ``message`` says what happened, in one sentence; ``hint`` says what to do.
    The command line prints both and exits with 2, a page shows both, and a step
    writes both into its ``step.json``.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class DataError(WorkbenchError):
    """A file, row or column that cannot be used as it is."""


class ConfigError(WorkbenchError):
    """A use case, candidate or option that does not add up."""


class NotFound(WorkbenchError):
    """Something that was named but is not there."""


class Stopped(WorkbenchError):
    """The user stopped it; finished work is kept and the rest resumes."""
