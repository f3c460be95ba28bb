"""Excerpts of published tables."""

from __future__ import annotations

import pytest
from page_tables import excerpt, filled, named, page_with

WHOLE = """\
| model | exporter            | target | size |
|-------|---------------------|--------|------|
| m     | onnx · qat          | host   | 1 MB |
| m     | onnx                | host   | 2 MB |
| m     | onnx:x              | host   | 3 MB |
| m     | eager               | arm    | 4 MB |"""


def test_an_excerpt_has_the_rows_asked_for_and_no_constant_column() -> None:
    assert excerpt(WHOLE, " exporter=onnx,eager target=host").splitlines()[2:] == [
        "| onnx · qat | 1 MB   |", "| onnx       | 2 MB   |"
    ]  # fmt: skip
    assert "size" not in excerpt(WHOLE, "target=host without=size")


def test_the_first_row_of_each() -> None:
    made = excerpt(WHOLE, "first=target without=model").splitlines()[2:]
    assert [line.split("|")[1].strip() for line in made] == ["onnx · qat", "eager"]
    with pytest.raises(ValueError, match="board"):
        excerpt(WHOLE, "first=board")


def test_an_excerpt_takes_a_metric_from_the_csv() -> None:
    rows = "model,variant,exporter,target,top1\nm,qat,onnx,host,0.7512\nm,none,onnx,host,0.76\n"
    made = excerpt("\n".join(WHOLE.splitlines()[:4]), "with=top1", rows).splitlines()
    assert made[0].endswith("| top1   |") and "| onnx · qat | 1 MB   | 0.751  |" in made
    with pytest.raises(ValueError, match="top5"):
        excerpt(WHOLE, "with=top5", rows)


@pytest.mark.parametrize(
    ("filters", "missing"), [("device=host", "device"), ("target=pi", "target=pi"), ("without=speed", "speed")]
)
def test_a_filter_that_nothing_meets_is_an_error(filters: str, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        excerpt(WHOLE, filters)


def test_tables_are_filled_whole_and_as_excerpts() -> None:
    page = "<!-- table one -->\n<!-- end -->\n\n<!-- table two target=arm,host exporter=eager,onnx -->\n<!-- end -->\n"
    assert named(page) == ["one", "two"]
    made = filled(page, lambda _: WHOLE)
    assert WHOLE in made and "| onnx       | host     | 2 MB   |" in made
    assert filled(page, lambda _: WHOLE, "two").startswith("<!-- table one -->\n<!-- end -->")


def test_a_run_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        page_with("nowhere")
