"""``python -m evals STEP_DIR [STEP_DIR ...]``: score the responses of finished answer steps."""

import argparse
import sys
import traceback
from pathlib import Path

from evals.steps import score_answers
from workbench.errors import WorkbenchError
from workbench.provenance import provenance
from workbench.workspace import Step

PACKAGES = ("pydantic",)


def main(arguments: list[str] | None = None) -> int:
    """Do every step named, those already done excepted; one that fails does not keep the others from running.

    Returns the exit code: 0; 2 where a step needs the user's help, as told on standard error; 1 after a bug.
    """
    parser = argparse.ArgumentParser(prog="python -m evals", description=main.__doc__)
    parser.add_argument("steps", nargs="+", type=Path, metavar="STEP_DIR", help="folder of a score step")
    code = 0
    for folder in parser.parse_args(arguments).steps:
        step = Step(folder.resolve())
        try:
            if step.status == "done":
                continue
            needs = step.record.needs
            unfinished = [name for role, name in needs.items() if step.needed(role).status != "done"]
            if unfinished:
                print(f"{step.name}: left out, since {', '.join(unfinished)} is not done.", file=sys.stderr)
                code = max(code, 2)
                continue
            with step.running(provenance(PACKAGES)):
                score_answers(step)
        except WorkbenchError as error:
            print(f"{step.name}: {error.message}\n  {error.hint}", file=sys.stderr)
            code = max(code, 2)
        except KeyboardInterrupt:
            print(f"{step.name}: interrupted; run it again to go on.", file=sys.stderr)
            return 130
        except Exception:
            traceback.print_exc()
            code = max(code, 1)
    return code


if __name__ == "__main__":
    sys.exit(main())
