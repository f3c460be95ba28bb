"""Results as text, HTML and a DataFrame."""

from __future__ import annotations

import pytest

from edgebench.core import tabular
from edgebench.core.paths import paths
from edgebench.core.tabular import Results


def results(count: int = 2, name: str = "a<b>") -> Results[int]:
    return Results(
        range(count),
        "Some & others",
        {"name": lambda _: name, "time_s": lambda n: 0.0012 * n, "size_bytes": lambda _: None, "best": bool},
    )


def test_it_is_a_list_and_a_frame_in_base_units() -> None:
    found = results()
    assert found == [0, 1] and found[1] == 1
    frame = found.to_pandas()
    assert list(frame.columns) == ["name", "time_s", "size_bytes", "best"]
    assert list(frame["time_s"]) == [0.0, 0.0012]


def test_texts_have_units_and_nothing_for_the_unknown() -> None:
    headings, rows = results().texts()
    assert headings == ["name", "time", "size", "best"]
    assert rows[1] == ["a<b>", "1.20 ms", "", "yes"]
    assert repr(results()).splitlines()[0] == "Some & others"
    assert len({line.index("time") for line in repr(results()).splitlines()[1:2]}) == 1


def test_html_is_escaped() -> None:
    shown = results()._repr_html_()
    assert "<td>a&lt;b&gt;</td>" in shown and "a<b>" not in shown and "Some &amp; others" in shown


def test_many_rows_and_wide_cells_are_cut_in_text_only() -> None:
    found = results(tabular.MOST_ROWS + 5, "long " * 40)
    lines = repr(found).splitlines()
    assert len(lines) == 2 + tabular.MOST_ROWS + 1 and "5 more" in lines[-1]
    assert len(lines[2]) < 2 * tabular.WIDEST
    assert len(found.to_pandas()) == tabular.MOST_ROWS + 5


def test_nothing_is_a_title_alone() -> None:
    assert repr(results(0)) == "Some & others" and results(0).to_pandas().empty


@pytest.mark.parametrize("given", ["a/b", ["a/b"], ("a/b",)])
def test_a_text_is_one_path(given: str | list[str]) -> None:
    assert [path.as_posix() for path in paths(given)] == ["a/b"]
