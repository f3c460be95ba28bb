"""Jobs whose process was killed from outside, which a resume does again.

A crash is the network's or a library's, and would come again. SIGKILL may be the system's, which was short of memory
for a moment, or a person's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from edgebench.core.files import read_lines, safe, write_text
from edgebench.pipeline import run_files

KILLED = re.compile(r"the process was ended by SIG(KILL|TERM|HUP)\b")
"""In a reason of `isolation/process.py`."""


def forget(folder: Path, remote: Collection[str]) -> int:
    """Take killed jobs out of a run's journal, and the rows that depend on them; returns how many there were.

    Rows of `remote` targets stay unless they were killed themselves: only their devices could measure them again. Other
    rows of the model are made again of the journal, since their scores are compared with the model's other cells.
    Raises RunError.
    """
    journal, measurements = folder / run_files.JOURNAL, folder / run_files.MEASUREMENTS
    jobs = list(zip(read_lines(journal), run_files.journal(folder), strict=True))
    rows = list(zip(read_lines(measurements), run_files.measurements(folder), strict=True))
    killed = [key for _, (key, outcome) in jobs if outcome.status != "ok" and KILLED.search(outcome.reason)]
    models = {key.model for key in killed}
    lost = [m for _, m in rows if m.cell.target in remote and m.status != "ok" and KILLED.search(m.reason)]
    kept = [line for line, m in rows if m not in lost and (m.cell.target in remote or safe(m.cell.model) not in models)]
    if len(kept) < len(rows):
        write_text(measurements, "".join(f"{line}\n" for line in kept))
    if killed:
        write_text(journal, "".join(f"{line}\n" for line, (key, _) in jobs if key not in killed))
    return len(killed) + len(lost)
