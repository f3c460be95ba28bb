"""The page of the models says what the models are."""

from __future__ import annotations

import models_table


def test_the_page_is_current() -> None:
    assert "| `resnet1d` " in models_table.page()
    assert models_table.page() == models_table.PAGE.read_text(), "run python scripts/models_table.py"
