"""The core of EdgeBench names no task and no dataset: their words are in tasks/, data/, models/ and training/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "edgebench"
PACKAGES = ("core", "measuring", "pipeline", "choosing", "reports", "cli")
WORDS = re.compile(r"(?<![a-zA-Z0-9])(f1|auc|leads?|folds?|millivolts?|mv)(?![a-zA-Z0-9])", re.IGNORECASE)
"""Also as parts of names, such as `macro_f1`."""
OTHER_SENSES = re.compile(
    r"overflow=.fold.|fold=True|fold: bool|`fold`|if fold\b|column folds?\b|not fold at|leads to|leads back|may lead\b"
)
"""Text that is folded, and a path or a chain that leads somewhere."""
FILES = [*(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))), ROOT / "api.py"]


def found(text: str) -> list[str]:
    return [match[0] for match in WORDS.finditer(OTHER_SENSES.sub("", text))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_names_what_belongs_to_one_task_or_dataset(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1) if found(line)] == []


def test_the_words_are_seen() -> None:
    for text in ("macro-F1", "delta_macro_f1", "lead_dropout", "12 leads", "in mV", "fold 10", "AUC", "mv"):
        assert found(text), text
    for text in ("leader", "unfold", "folder", "a path that leads to it", "misleading", "f16", "mvn"):
        assert not found(text), text
