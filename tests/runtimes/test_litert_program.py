"""The program of a file of LiteRT that somebody else made."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from openvino_files import SIGNALS
from programs import decides_alike

from edgebench.artifacts import import_file
from edgebench.core import formats

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed"
)


def test_a_users_file_is_imported_and_its_program_decides_as_measured(
    integers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = import_file.describe(integers, tuned=False)
    assert (artifact.format, artifact.precision, artifact.batch) == ("litert", "int8", 1)
    assert formats.of_file(integers) == "litert"
    decides_alike(integers, monkeypatch, SIGNALS[:1])
