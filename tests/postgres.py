"""A PostgreSQL server for tests: the one that is named, or one started in a folder of its own and ended afterwards.

WORKBENCH_TEST_POSTGRES=postgresql://user:password@host/database     a server that is there; its tables are dropped
apt-get install postgresql                                           else Debian's binaries are started by the test
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

URL_VARIABLE = "WORKBENCH_TEST_POSTGRES"
WHY_NOT = f"no PostgreSQL: name a server in ${URL_VARIABLE}, or install one with `apt-get install postgresql`"


def binaries() -> Path | None:
    """The folder of the newest server's programs."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def serving() -> Iterator[str | None]:
    """The URL of a server while the block lasts; None where there is none."""
    named = os.environ.get(URL_VARIABLE, "").strip()
    programs = binaries()
    if named or programs is None:
        yield named or None
        return
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        # A server does not run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if user:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data = Path(folder) / "data"
        port = _free_port()
        quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": folder}
        subprocess.run(
            [*user, str(programs / "initdb"), "-D", str(data), "-U", "tester", "--auth=trust", "-E", "UTF8"], **quiet
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=120"
        control = [*user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        subprocess.run([*control, "-l", str(Path(folder) / "log"), "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
