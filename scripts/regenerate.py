"""Make again what is made of the published runs: their reports and pictures, and the tables of the pages.

    python scripts/regenerate.py            # writes what differs
    python scripts/regenerate.py --check    # writes nothing; exits with 1 where something differs

The numbers are those in results/reference/ (plan, environment and measurements of each run) and in the manifests of
the models; results/README.md says how each run was measured. A test runs the check.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import models_table
import page_tables
import plan_reference
from marked import PAGES, ROOT, replaced
from publish_run import REFERENCE, table_in

from edgebench import api
from edgebench.core import spreadsheets
from edgebench.reports import search

FORMATS = ("csv", "md")
"""Of each published run; report.html is not published."""
OTHERS = ("*.svg", "*.png", "*.html")
"""Other files of a report; those that are not made again are stale."""


def runs() -> list[Path]:
    """Folders of the published runs."""
    return sorted(path.parent for path in REFERENCE.glob("*/plan.json"))


def reports(folder: Path) -> dict[Path, bytes | None]:
    """What the reports of a run should be, by path; None for files that no report has now."""
    with tempfile.TemporaryDirectory() as scratch:
        written = api.report([folder], FORMATS, Path(scratch))
        found: dict[Path, bytes | None] = {folder / path.name: path.read_bytes() for path in written}
    stale = {path for pattern in OTHERS for path in folder.glob(pattern)} - found.keys()
    return found | dict.fromkeys(stale)


def searches() -> dict[Path, bytes]:
    """What the reports of the published searches should be, by path."""
    found: dict[Path, bytes] = {}
    for folder in sorted(path.parent for path in REFERENCE.glob("*/search.json")):
        stored = json.loads((folder / "search.json").read_text(encoding="utf-8"))
        with (folder / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
            modules = [
                {"module": spreadsheets.original(row["module"]), "parameters": int(row["parameters"])}
                | {metric: float(row[metric]) for metric in ("agreement", "error")}
                for row in csv.DictReader(file)
            ]
        with tempfile.TemporaryDirectory() as scratch:
            search.write(Path(scratch), stored, modules)
            found |= {folder / path.name: path.read_bytes() for path in Path(scratch).iterdir()}
    return found


def decisions() -> str:
    """The table that compares AArch64's decisions with x86's."""
    rows = json.loads((REFERENCE / "arm" / "decisions.json").read_text(encoding="utf-8"))["rows"]
    cells = [
        [*row["artifact"].split(), f"{row['f1_here']:.4f}", f"{row['f1_there']:.4f}",
         f"{row['differ']} of {row['decisions']}"]
        for row in rows
    ]  # fmt: skip
    headings = ["model", "exporter", "macro-F1, x86", "macro-F1, AArch64", "decisions that differ"]
    return "\n".join(
        [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|", *(f"| {' | '.join(c)} |" for c in cells)]
    )


def pages(made: Mapping[Path, bytes | None]) -> dict[Path, bytes | None]:
    """What the pages should be, by path; `made` has the report.md of each run."""
    found: dict[Path, bytes | None] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page == models_table.PAGE:
            text = models_table.page()
        if page == plan_reference.PAGE:
            text = plan_reference.page()

        def report(run: str, suffix: str) -> str:
            return (made[REFERENCE / run / f"report.{suffix}"] or b"").decode()

        text = page_tables.filled(text, lambda run: table_in(report(run, "md")), rows=lambda run: report(run, "csv"))
        if "<!-- arm decisions -->" in text:
            text = replaced(text, "arm decisions", decisions())
        found[page] = text.encode()
    return found


def everything() -> dict[Path, bytes | None]:
    """What all of these files should be."""
    made = {path: content for folder in runs() for path, content in reports(folder).items()}
    return made | searches() | pages(made)


def differing(wanted: dict[Path, bytes | None]) -> list[Path]:
    """The files that are not what they should be."""
    return sorted(p for p, content in wanted.items() if (p.read_bytes() if p.exists() else None) != content)


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="Write nothing; exit with 1 where something differs.")
    check = parser.parse_args(arguments).check
    wanted = everything()
    changed = differing(wanted)
    for path in changed:
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            content = wanted[path]
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
    if not changed:
        print(f"{len(wanted)} files are up to date")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
