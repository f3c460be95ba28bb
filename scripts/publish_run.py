"""Publish a run: copy what is kept of it to results/reference/, and write its table into its page.

    python scripts/publish_run.py RUN

`KEPT` says what is kept, and results/README.md why. The table stands between `<!-- table NAME -->` and `<!-- end -->`
in the README, in results/README.md or in a page of docs/; a test fails where it is not the run's.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any

from marked import ROOT
from page_tables import filled, page_with

from edgebench import api
from edgebench.core.settings import QUICK

REFERENCE = ROOT / "results" / "reference"
KEPT = (
    "plan.json", "environment.json", "journal.jsonl", "measurements.jsonl", "report.csv", "report.md", "report-*.svg",
    "predictions/*.npy", "samples/*.npy", "profiles/*.json", "artifacts/*/manifest.json", "models/*.json",
)  # fmt: skip
"""The files that are kept of a run, and of each run in its `devices/`; a * also stands for folders."""
PRUNED = "models/*/structured*.safetensors"
"""Weights of pruned networks, which are kept where they are small: a training made them."""
MOST_WEIGHTS = 3_000_000
"""Bytes of such a file."""
CHECKPOINTS = "models/*/work/*"
"""Of an interrupted fine-tuning."""


def kept(run: Path) -> list[Path]:
    """The files of a run that are published, relative to its folder, sorted."""
    files = sorted(path.relative_to(run) for path in run.rglob("*") if path.is_file())
    return [file for file in files if _is_kept(file, (run / file).stat().st_size)]


def _is_kept(file: PurePath, size: int) -> bool:
    # A run in devices/ has the same files as one of its own.
    name = PurePath(*(file.parts[2:] if file.parts[0] == "devices" else file.parts)).as_posix()
    if fnmatchcase(name, CHECKPOINTS):
        return False
    return any(fnmatchcase(name, p) for p in KEPT) or (fnmatchcase(name, PRUNED) and size <= MOST_WEIGHTS)


def copy(run: Path, home: Path) -> None:
    """Copy what is kept of a run over what is kept of an earlier one in `home`; other files there stay.

    Exits where the run was quick, which is for a first look.
    """
    stored = run / "plan.json"
    plan = json.loads(stored.read_text("utf-8"))["plan"] if stored.is_file() else {}
    if (plan.get("measuring") or {}).get("preset") == QUICK:
        sys.exit(f"{run}: was quick; publish a run without --quick")
    for file in kept(home):
        (home / file).unlink()
    for file in kept(run):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(run / file, home / file)
        if file.name == "plan.json":
            plan = without_folders(json.loads((home / file).read_text(encoding="utf-8")))
            (home / file).write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")


def without_folders(value: Any) -> Any:
    """A plan with the name alone of each absolute path: where the user's folders are is private."""
    if isinstance(value, dict):
        return {without_folders(key): without_folders(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_folders(part) for part in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def table_of(folder: Path) -> str:
    """The table of measured cells as report.md has it, made again from the measurements."""
    with tempfile.TemporaryDirectory() as scratch:
        api.report([folder], ("md",), Path(scratch))
        return table_in((Path(scratch) / "report.md").read_text(encoding="utf-8"))


def table_in(report: str) -> str:
    """The table of measured cells in the text of report.md; of several machines, each below its name."""
    lines = report.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"\| model .*\| size ", line)]
    found = []
    for start in starts:
        end = next((i for i in range(start, len(lines)) if not lines[i].startswith("|")), len(lines))
        name = next((line for line in reversed(lines[:start]) if line.startswith("## On ")), "")
        found.append("\n\n".join(filter(None, [name.removeprefix("## "), "\n".join(lines[start:end])])))
    return "\n\n".join(found)


def main() -> None:
    """Publish the run that the command line names."""
    run = Path(sys.argv[1])
    home = REFERENCE / run.resolve().name
    page = page_with(home.name)
    rows = (run / "report.csv").read_text(encoding="utf-8")
    text = filled(page.read_text(), lambda _: table_of(run), home.name, lambda _: rows)
    if home.resolve() != run.resolve():
        copy(run, home)
    page.write_text(text, encoding="utf-8")
    print(f"published: {home}")


if __name__ == "__main__":
    main()
