"""Compiled files of the installed packages, for a folder in which Python keeps all compiled files."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

CACHE = "__pycache__"


def link(prefix: Path) -> None:
    """Link what pip has compiled into the folder: Python would look for it there alone, and compile it again."""
    for packages in {path for path in sys.path if path.endswith("-packages")}:
        for folder, _, names in os.walk(packages):
            if Path(folder).name == CACHE:
                to = prefix / Path(folder).parent.relative_to("/")
                to.mkdir(parents=True, exist_ok=True)
                for name in names:
                    with contextlib.suppress(OSError):  # on another file system
                        os.link(Path(folder, name), to / name)
