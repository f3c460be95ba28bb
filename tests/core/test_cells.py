"""Cells and their names."""

from __future__ import annotations

import pytest

from edgebench.core.cells import Cell


@pytest.mark.parametrize(
    ("cell", "name", "label"),
    [
        (Cell("vit", "none", "onnx", "host"), "onnx", "vit onnx on host"),
        (Cell("vit", "l1-0.4", "onnx-int8", "pi"), "onnx-int8 · l1-0.4", "vit onnx-int8 · l1-0.4 on pi"),
    ],
)
def test_a_variant_is_named_where_there_is_one(cell: Cell, name: str, label: str) -> None:
    assert (cell.name, cell.label) == (name, label)


def test_the_id_is_a_name_of_one_file() -> None:
    """A network of a file and an exporter's options have slashes and colons."""
    cell = Cell("nets/a.py:b", "none", "onnx-int8:per-tensor", "host")
    assert cell.id == "nets_a.py_b~none~onnx-int8_per-tensor~host"
