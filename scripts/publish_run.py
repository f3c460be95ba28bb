"""Publish a run: copy it to results/reference/ without the artifacts' files, and put its table into its page.

Weights of pruned networks are kept: they are small, and took a training to make.

    python scripts/publish_run.py RUN

The table stands between `<!-- table NAME -->` and `<!-- end -->` in the README or a page of docs/; a test fails where
it is not the run's.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from edgebench import run_store
from edgebench.reports.markdown import RENDERER

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "results" / "reference"


def table_of(folder: Path) -> str:
    """The table of measured cells, as report.md has it, made anew from the measurements."""
    lines = RENDERER.render(run_store.read(folder))[RENDERER.file].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| model"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return "\n".join(lines[start:end])


def page_of(name: str) -> Path:
    """The page with the run's markers; raises ValueError where there is none."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        if f"<!-- table {name} -->" in page.read_text():
            return page
    raise ValueError(f"no page has '<!-- table {name} -->' with '<!-- end -->'")


def with_table(text: str, name: str, table: str) -> str:
    """The text with the table between its two markers; raises ValueError where they are missing."""
    pattern = re.compile(rf"(<!-- table {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no '<!-- table {name} -->' with '<!-- end -->' in the page")
    return pattern.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)


def left_out(folder: str, names: list[str]) -> list[str]:
    """Files that are not published."""
    pruned = Path(folder).name.startswith("structured")
    return [n for n in names if n == ".lock" or (n.endswith(".safetensors") and not pruned) or n.startswith("model.")]


def main() -> None:
    """Copy and write."""
    run = Path(sys.argv[1])
    home = REFERENCE / run.resolve().name
    page = page_of(home.name)
    text = with_table(page.read_text(), home.name, table_of(run))
    if home.resolve() != run.resolve():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(run, home, ignore=left_out)
    page.write_text(text)
    print(f"published: {home}")


if __name__ == "__main__":
    main()
