"""What a plan resolves to."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import quick


def test_what_is_named_twice_is_meant_once(exported: Path, tmp_path: Path) -> None:
    assert quick(exported, "onnx", "onnx").measure.artifacts == (exported / "onnx",)
    profile = tmp_path / "mine.toml"
    profile.write_text('name = "cuda"\ndescription = "x"\narchitecture = ""\n')
    with pytest.raises(Exception, match="cuda"):
        quick(exported, "onnx", targets=("cuda", str(profile)))
