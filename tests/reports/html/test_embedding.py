"""Data and scripts inside the page, none of which can end its block."""

from __future__ import annotations

import json
import re

import pytest

from edgebench.reports.html import embedding


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "&lt;", "\u2028", "</SCRIPT >"])
def test_data_cannot_end_their_block(text: str) -> None:
    block = embedding.json_block({"a": text})
    assert not re.search(r"[<>&\u2028]", block)
    assert json.loads(block) == {"a": text}


def test_a_script_that_would_end_its_block_is_refused() -> None:
    for text in ("'</SCRIPT>'", "<!--"):
        with pytest.raises(ValueError, match="neither its own end"):
            embedding.safe(text, "script")
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedding.json_block([float("nan")])
