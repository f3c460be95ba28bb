"""How Python is started: it never imports from the working directory, unless the user named that in PYTHONPATH.

`python -m` and `python -c` put the working directory before the standard library, so that a file `signal.py` there
would run. Every Python child of EdgeBench is started by `command` with `variables`; only the agent on a device, which
is sent before EdgeBench is there, has lines of its own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable with the effect of -P, for the children of a child too."""
PARENT = "EDGEBENCH_PARENT"
"""Environment variable that holds the parent's process id for a child."""


def command(*arguments: str) -> list[str]:
    """The command that runs this Python with such arguments: `-m`, a module's name, ..."""
    return [sys.executable, "-P", *arguments]


def forked(socket: str, module: str, *arguments: str) -> list[str]:
    """The command that runs a module in a child of the fork server with that socket (`isolation.forking`)."""
    return [sys.executable, "-S", "-E", str(Path(__file__).with_name("fork_client.py")), socket, module, *arguments]


def variables(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: this process's, `more` over it, and what keeps the working directory out."""
    found = {**os.environ, **(more or {}), SAFE_PATH: "1", PARENT: str(os.getpid())}
    if "PYTHONPATH" in found:
        found["PYTHONPATH"] = _named(found["PYTHONPATH"])
    return found


def keep_working_directory_out() -> None:
    """In the process of the command line: import nothing from the working directory, and have no child do so."""
    os.environ[SAFE_PATH] = "1"
    given = os.environ.get("PYTHONPATH", "")
    if given and _named(given) != given:  # an empty part of it stands for the working directory
        os.environ["PYTHONPATH"] = _named(given)
        with contextlib.suppress(OSError, ValueError):  # there is no such folder any more, or it is not there
            here = str(Path.cwd())
            if here not in map(os.path.abspath, _named(given).split(os.pathsep)):
                sys.path.remove(here)


def _named(path: str) -> str:
    """A PYTHONPATH without its empty parts, which nobody means: `PYTHONPATH=$PYTHONPATH:/x` makes one."""
    return os.pathsep.join(part for part in path.split(os.pathsep) if part)
