"""Paste what commands answer into the pages that show it: below each `<!-- example COMMAND -->`.

    python scripts/doc_answers.py

A test compares the pages with the answers.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

from marked import PAGES, ROOT

ANSWER = re.compile(r"(<!-- example (edgebench .*?) -->\n```\w*\n)(.*?)(```\n)", re.DOTALL)


def answered(text: str) -> str:
    """The page with each answer as the command gives it on a terminal of 80 columns."""
    return ANSWER.sub(lambda found: f"{found[1]}{_answer(found[2])}{found[4]}", text)


def _answer(command: str) -> str:
    arguments = [sys.executable, "-m", *shlex.split(command)]
    environment = os.environ | {"COLUMNS": "80"}
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True).stdout


if __name__ == "__main__":
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        if (after := answered(before)) != before:
            page.write_text(after, encoding="utf-8")
            print(f"written: {page.relative_to(ROOT)}")
