"""The page of the models says what the models are."""

from __future__ import annotations

import runpy
from pathlib import Path

from edgebench.model_facts import model_facts

SCRIPT = Path(__file__).parents[2] / "scripts" / "models_table.py"


def test_the_page_is_current() -> None:
    script = runpy.run_path(str(SCRIPT))
    page = script["PAGE"].read_text()
    table = script["table"](model_facts())
    assert "`resnet1d`" in table
    assert script["with_table"](page, table) == page, "run python scripts/models_table.py"
