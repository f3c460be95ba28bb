"""The pictures of report.md: which there are, what they show, and that labels cover nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.core import registry
from edgebench.pipeline import run_store
from edgebench.reports import pictures

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
FASTER = changed(
    OK, exporter="onnx-int8", latency_p50_s=0.001, latency_p50_low_s=0.0009, latency_p50_high_s=0.0011, macro_f1=0.6,
)  # fmt: skip
SLOWER = changed(OK, exporter="eager", latency_p50_s=0.009, latency_p50_low_s=0.008, latency_p50_high_s=0.01)


def test_the_front_is_labelled_and_the_others_are_not() -> None:
    stars = {OK.cell.id, FASTER.cell.id}
    (picture,) = pictures.fronts([OK, FASTER, SLOWER], stars, "report-pareto")
    assert (picture.file, picture.text) == (
        "report-pareto-host.svg", "Pareto front of host: 2 of 3 cells, by latency, size, memory and macro-F1",
    )  # fmt: skip
    texts = re.findall(r">([^<>\n]+)</text>", picture.svg)
    assert texts.count("onnx-int8") == 2, "beside its point, and in the legend"
    assert texts.count("eager") == 1, "in the legend only"
    assert picture.svg == pictures.fronts([OK, FASTER, SLOWER], stars, "report-pareto")[0].svg


def test_what_is_not_ranked_is_not_drawn() -> None:
    emulated = changed(OK, target="pi", emulated=True)
    assert pictures.fronts([emulated, failed("bad", "it broke")], set(), "p") == []
    assert len(pictures.fronts([OK, emulated], {OK.cell.id}, "p")) == 1


def test_names_are_neither_paths_nor_formulas_nor_markup() -> None:
    rows = [changed(OK, target=target, exporter="$\\frac{1}</text>$") for target in ("../../x", "..:..:x")]
    found = pictures.fronts(rows, {m.cell.id for m in rows}, "report-pareto")
    assert len({p.file for p in found}) == 2 and not any("/" in p.file for p in found)
    assert all("&lt;/text&gt;" in p.svg for p in found)


def test_markdown_shows_every_picture_that_it_gives() -> None:
    board = replace(run_of(changed(OK, host="a board"), replace(FASTER, host="a board")), name="s")
    files = registry.renderer("md").render(run_store.merged([run_of(OK, FASTER), board]))
    page = files["report.md"]
    assert isinstance(page, str)
    assert set(re.findall(r"!\[.*?\]\((.*?)\)", page)) == set(files) - {"report.md"}
    assert set(files) == {"report.md", "report-pareto-1-host.svg", "report-pareto-2-host.svg"}
    assert page.index("## On a board") < page.index("report-pareto-1-host.svg") < page.index("## On a machine")


def test_a_name_does_not_end_the_picture_in_markdown() -> None:
    page = registry.renderer("md").render(run_of(changed(OK, target="x](javascript:alert(1)) [")))["report.md"]
    assert "![Pareto front of x\\]\\(javascript:alert(1)) \\[" in str(page)


def test_the_published_front_is_drawn() -> None:
    run = run_store.read(REFERENCE / "variants-resnet1d")
    svg = str(registry.renderer("md").render(run)["report-pareto-host.svg"])
    texts = re.findall(r">([^<>\n]+)</text>", svg)
    assert "onnx-int8 · structured-0.5+qat" in texts
    assert any(text.startswith("host · PTB-XL: ") for text in texts)
    assert not re.search(r"<dc:date>|Matplotlib v", svg), "no date, no version"


def drawing_of(warned: pytest.WarningsRecorder) -> list[str]:
    """What drawing warned of, and not the files and processes that other tests left behind."""
    return [str(w.message) for w in warned.list if not issubclass(w.category, ResourceWarning)]


def test_a_persons_own_settings_change_no_byte(recwarn: pytest.WarningsRecorder) -> None:
    rows = [OK, changed(OK, exporter="eager", variant="心電図", latency_p50_s=0.001)]
    first = pictures.fronts(rows, {OK.cell.id}, "p")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert pictures.fronts(rows, {OK.cell.id}, "p") == first
    assert "心電図" in first[0].svg and not drawing_of(recwarn), "letters that matplotlib's font lacks are no warnings"


def test_long_names_of_targets_are_short_names_of_files(recwarn: pytest.WarningsRecorder) -> None:
    rows = [changed(OK, target="心" * 200 + end) for end in "ab"]
    files = [picture.file for picture in pictures.fronts(rows, set(), "report-pareto")]
    assert len(set(files)) == 2 and all(len(file.encode()) < 200 for file in files)
    assert not drawing_of(recwarn), "the title leaves room for the picture"


def test_a_bound_of_zero_is_a_bound() -> None:
    unpaired = changed(OK, delta_macro_f1=None, macro_f1=0.1, macro_f1_low=0.0, macro_f1_high=0.2)
    assert pictures.paired(unpaired) == (0.0, 0.2)
    assert pictures.paired(changed(unpaired, macro_f1_low=None, macro_f1_high=None)) == (0.1, 0.1)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-300, 1e20, 1e308, -1e308])
@pytest.mark.parametrize(
    "names",
    [
        ("macro_f1",), ("macro_f1_low",), ("macro_f1_high", "delta_high", "delta_macro_f1"), ("delta_low",),
        ("latency_p50_s",), ("latency_p50_low_s",), ("latency_p50_high_s",), ("peak_rss_bytes",), ("file_size_bytes",),
    ],
)  # fmt: skip
def test_any_finite_number_leaves_a_picture(
    names: tuple[str, ...], value: float, recwarn: pytest.WarningsRecorder
) -> None:
    whole = names[0].endswith("bytes")
    odd = changed(OK, exporter="eager", **dict.fromkeys(names, int(value) if whole else value))
    (picture,) = pictures.fronts([OK, FASTER, odd], {m.cell.id for m in (OK, FASTER, odd)}, "p")
    assert "onnx-int8" in picture.svg and "nan" not in picture.svg and "inf" not in picture.svg
    assert not recwarn.list


def test_a_value_that_no_axis_holds_is_not_drawn() -> None:
    absurd = changed(OK, exporter="eager", macro_f1=1e308)
    assert pictures.fronts([absurd], {absurd.cell.id}, "p") == []
    (picture,) = pictures.fronts([OK, absurd], set(), "p")
    assert "0 of 1 cells" in picture.text


def test_equal_cells_are_drawn() -> None:
    same = [changed(OK, exporter=name) for name in ("a", "b", "c")]
    (picture,) = pictures.fronts(same, {m.cell.id for m in same}, "p")
    assert "3 of 3 cells" in picture.text
