"""Publish a run: copy it to results/reference/ without the artifacts' files, and put its table into its page.

Weights of pruned networks are kept: they are small, and took a training to make.

    python scripts/publish_run.py RUN

The table stands between `<!-- table NAME -->` and `<!-- end -->` in the README or a page of docs/; a test fails where
it is not the run's.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from marked import ROOT
from page_tables import filled, page_with

from edgebench import api

REFERENCE = ROOT / "results" / "reference"


def table_of(folder: Path) -> str:
    """The table of measured cells, as report.md has it, made anew from the measurements."""
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


def left_out(folder: str, names: list[str]) -> list[str]:
    """Files that are not published."""
    pruned = Path(folder).name.startswith("structured")
    return [n for n in names if n == ".lock" or (n.endswith(".safetensors") and not pruned) or n.startswith("model.")]


def without_folders(value: Any) -> Any:
    """A plan whose absolute paths are names alone: where a person's folders are is nobody else's business."""
    if isinstance(value, dict):
        return {without_folders(key): without_folders(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_folders(part) for part in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def main() -> None:
    """Copy and write."""
    run = Path(sys.argv[1])
    home = REFERENCE / run.resolve().name
    page = page_with(home.name)
    text = filled(page.read_text(), lambda _: table_of(run), home.name)
    if home.resolve() != run.resolve():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(run, home, ignore=left_out)
        for path in home.rglob("plan.json"):
            path.write_text(json.dumps(without_folders(json.loads(path.read_text())), indent=2) + "\n")
    page.write_text(text)
    print(f"published: {home}")


if __name__ == "__main__":
    main()
