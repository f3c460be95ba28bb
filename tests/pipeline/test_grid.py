"""How many cells a plan asks for."""

from __future__ import annotations

from edgebench.pipeline import grid, read_plan


def test_the_size_is_the_product_of_what_is_named() -> None:
    plan = read_plan.load(None, {"exporters": ("eager", "onnx"), "targets": ("host", "cuda", "x86-cpu")})
    assert grid.size(plan) == 1 * 1 * 2 * 3
