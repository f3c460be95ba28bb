"""report.html in a real browser: it loads clean and offline, and what a person does with it works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from flat_rows import changed
from opened_pages import DESKTOP, IN_CHROMIUM, Opened, cell, has, hovered, names, points, sampled, written
from report_rows import failed, run_of

from edgebench.core.measurements import Run
from edgebench.pipeline import run_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = IN_CHROMIUM
HOSTILE = "<script>alert(1)</script>"
ENDING = "</script><script>document.title='taken'</script>"
REASON = "its processes differ <img src=x onerror=alert(2)> by 1.31 times"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two machines: one with two models and an emulated target, one with names that are programs."""
    folder = tmp_path_factory.mktemp("run")
    rows = [
        cell("resnet1d", "onnx-int8", 0.001, file_size_bytes=1_500_000, process_medians_s=(0.001,)),
        cell("resnet1d", "onnx", 0.002, process_medians_s=(0.002,), macro_f1=0.701),
        cell(
            "vit", "onnx", 0.03, file_size_bytes=20_000_000, macro_f1=0.65, verdict="noisy", verdict_reason="it is so"
        ),
        cell("vit", "onnx-int8", 0.02, file_size_bytes=6_000_000, macro_f1=0.64),
        cell("resnet1d", "onnx-int8", 0.00001, target="pi", emulated=True, verdict="emulated"),
        failed("bad", "it broke"),
    ]
    sampled(rows[:4], folder)
    one = replace(run_of(*rows), folder=folder, plan={"targets": ["host", "pi"], "measuring": {"processes": 1}})
    other = [
        cell(HOSTILE, ENDING, 0.004, host="a board", verdict="noisy", verdict_reason=REASON, dataset="<b>PTB-XL"),
        cell(HOSTILE, "onnx-int8", 0.003, host="a board", file_size_bytes=9, dataset="<b>PTB-XL", run=ENDING),
        changed(failed(ENDING, REASON), host="a board", dataset="<b>PTB-XL"),
    ]
    return run_store.merged([one, replace(run_of(*other), name=ENDING, environment={"cpu": HOSTILE})])


@pytest.fixture(scope="module")
def report(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's address."""
    return written(run, tmp_path_factory.mktemp("page"))


@pytest.fixture
def opened(browser: Browser, report: str) -> Iterator[Opened]:
    """On a desktop; whatever a test does, the page must not complain and ask nothing of a network."""
    with Opened(browser, report, **DESKTOP) as page:
        yield page


@pytest.fixture(scope="module")
def shown(browser: Browser, report: str) -> Iterator[Opened]:
    """One page for the tests that change nothing of what another one looks at."""
    with Opened(browser, report, **DESKTOP) as page:
        yield page


def test_it_has_a_section_for_each_machine_and_never_mixes_them(shown: Opened) -> None:
    board, machine = shown.section("a board"), shown.section("a machine")
    assert names(machine) == ["onnx-int8", "onnx", "onnx-int8", "onnx", "onnx-int8"]
    assert "it broke" in machine.inner_text() and "it broke" not in board.inner_text()
    has(points(machine, "latency"), 4, "an emulated latency has no place there")
    has(points(machine, "size"), 5)
    has(points(board, "latency"), 2)
    assert "synthetic" in machine.locator(".warn").inner_text()
    assert board.locator(".warn").count() == 0


def test_names_do_no_harm(shown: Opened) -> None:
    board = shown.section("a board")
    assert shown.page.title() == f"EdgeBench: r and {ENDING}"
    assert ENDING in names(board)
    assert REASON in board.inner_text()
    assert HOSTILE in board.locator(".facts").inner_text()
    assert shown.page.locator("img, script[src], iframe").count() == 0
    for chart in ("latency", "memories", "sizes"):
        board.locator(f"figure[data-chart={chart}] summary").click()
    assert HOSTILE in board.locator("figure[data-chart=latency] .behind table").inner_text()
    assert HOSTILE in hovered(board, "latency", 1)


def test_hovering_tells_the_cell_its_intervals_and_what_to_doubt(shown: Opened) -> None:
    machine = shown.section("a machine")
    texts = [hovered(machine, "latency", i) for i in range(points(machine, "latency").count())]
    noisy = next(text for text in texts if "vit onnx" in text and "int8" not in text)
    assert "noisy: it is so" in noisy
    assert re.search(r"latency 30\.0 ms \(28\.5 ms to 31\.5 ms\)", noisy)
    assert "macro-F1 0.650 (0.650 to 0.750)" in noisy and "Δ F1 +0.0010 (-0.0020 to +0.0040)" in noisy


def test_sorting_by_the_keyboard(opened: Opened) -> None:
    machine = opened.section("a machine")
    heading = machine.locator(".cells th", has_text="size")
    heading.get_by_role("button").focus()
    assert "solid" in heading.get_by_role("button").evaluate("e => getComputedStyle(e).outline")
    sizes = machine.locator(".cells tbody tr")
    opened.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert "1.50 MB" in sizes.first.inner_text() and "20 MB" in sizes.last.inner_text()
    opened.page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    assert "20 MB" in sizes.first.inner_text()
    assert machine.locator(".cells th[aria-sort=none]").count() == machine.locator(".cells thead th").count() - 1
    machine.get_by_role("button", name="p50 latency").click()
    assert "1.00 ms" in sizes.first.inner_text()
    assert "emulated" in sizes.last.inner_text(), "it is not ranked, whatever its figure"


def test_filtering(opened: Opened) -> None:
    machine = opened.section("a machine")
    words = machine.get_by_role("searchbox")
    words.fill("VIT int8")
    assert names(machine) == ["onnx-int8"]
    assert machine.locator(".count").inner_text() == "1 of 5 cells"
    words.fill("it is so")
    assert names(machine) == ["onnx"]
    words.fill("")
    machine.get_by_label("Pareto front only").check()
    assert names(machine) == ["onnx-int8"] and machine.locator(".cells tbody tr.front").count() == 1
    machine.get_by_label("All columns").check()
    assert machine.locator(".cells th", has_text="per second").count() == 1


def test_models_and_targets_are_switched_off_and_on(opened: Opened) -> None:
    machine, board = opened.section("a machine"), opened.section("a board")
    points(board, "latency")
    details = machine.locator("figure[data-chart=size] .behind")
    details.locator("summary").click()
    machine.get_by_label("vit", exact=True).uncheck()
    has(points(machine, "latency"), 2)
    assert names(machine) == ["onnx-int8", "onnx", "onnx-int8"]
    has(details.locator("tbody tr"), 3, "the table behind the chart follows")
    machine.get_by_label("pi emulated: hollow", exact=True).uncheck()
    has(points(machine, "size"), 2)
    machine.get_by_label("vit", exact=True).check()
    has(points(machine, "latency"), 4)
    has(points(board, "latency"), 2, "another machine's charts stay")


def test_every_chart_has_its_numbers(shown: Opened) -> None:
    machine = shown.section("a machine")
    for chart, rows, text in (
        ("latency", 4, "28.5 ms to 31.5 ms"), ("size", 5, "20 MB"), ("memory", 5, "75 MB"), ("samples", 4, "1500"),
        ("memories", 5, "57 MB"), ("sizes", 5, "104 M"),
    ):  # fmt: skip
        figure = machine.locator(f"figure[data-chart={chart}]")
        figure.locator("summary").focus()
        shown.page.keyboard.press("Enter")
        has(figure.locator("tbody tr"), rows, chart)
        assert text in figure.locator("table").inner_text(), chart
    machine.locator(".classes").scroll_into_view_if_needed()
    machine.locator(".classes table").wait_for()
    assert machine.locator(".classes thead").inner_text().split() == ["cell", "NORM", "MI"]
    assert "0.800" in machine.locator(".classes tbody tr").first.inner_text()


def test_light_and_dark(browser: Browser, report: str) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.plot .xtitle')).fill"
    with Opened(browser, report, color_scheme="dark", **DESKTOP) as dark:
        points(dark.section("a board"), "latency")
        by_system = dark.page.evaluate(paper), dark.page.evaluate(ink)
        button = dark.page.get_by_role("button", name="Dark")
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        dark.page.wait_for_function(f"{ink} !== {by_system[1]!r}")
        assert button.get_attribute("aria-pressed") == "false"
        bright = [sum(map(int, re.findall(r"\d+", colour))) for colour in (dark.page.evaluate(paper), by_system[0])]
        assert bright[0] > 600 > bright[1]
        dark.page.reload()
        dark.page.wait_for_selector("html[data-drawn]", state="attached")
        assert button.get_attribute("aria-pressed") == "false", "the choice is kept"
