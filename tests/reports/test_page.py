"""report.html in a real browser: it loads clean and offline, and what a person does with it works."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from report_rows import OK, failed, run_of, text_of

from edgebench import run_store
from edgebench.measurements import Measurement, Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Locator, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} is here")]
HOSTILE = "<script>alert(1)</script>"
ENDING = "</script><script>document.title='taken'</script>"
REASON = "its processes differ <img src=x onerror=alert(2)> by 1.31 times"


def cell(model: str, exporter: str, latency: float, **fields: object) -> Measurement:
    changed: dict[str, object] = {
        "model": model, "exporter": exporter, "latency_p50_s": latency, "latency_p50_low_s": 0.95 * latency,
        "latency_p50_high_s": 1.05 * latency, "delta_macro_f1": 0.001, "delta_low": -0.002, "delta_high": 0.004,
        "runtime_rss_bytes": 57_000_000,
    }  # fmt: skip
    return replace(OK, **{**changed, **fields})  # type: ignore[arg-type]


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
    (folder / "samples").mkdir()
    rng = np.random.default_rng(0)
    for m in rows[:4]:
        samples = (m.latency_p50_s or 0) * np.exp(0.1 * rng.standard_normal(300))
        np.save(folder / "samples" / f"{m.cell.id}~0.npy", samples)
    one = replace(run_of(*rows), folder=folder, plan={"targets": ["host", "pi"], "measuring": {"processes": 1}})
    other = [
        cell(HOSTILE, ENDING, 0.004, host="a board", verdict="noisy", verdict_reason=REASON, dataset="<b>PTB-XL"),
        cell(HOSTILE, "onnx-int8", 0.003, host="a board", file_size_bytes=9, dataset="<b>PTB-XL", run=ENDING),
        replace(failed(ENDING, REASON), host="a board", dataset="<b>PTB-XL"),
    ]
    return run_store.merged([one, replace(run_of(*other), name=ENDING, environment={"cpu": HOSTILE})])


@pytest.fixture(scope="module")
def report(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's address."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(text_of("html", run), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    # Without its sandbox, since tests may run as root; the page is our own.
    with sync_playwright() as driver, driver.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox"]
    ) as launched:  # fmt: skip
        yield launched


class Opened:
    """A page and what it said meanwhile."""

    def __init__(self, browser: Browser, address: str, **options: object) -> None:
        self.said: list[str] = []
        self.page: Page = browser.new_page(**options)  # type: ignore[arg-type]
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda request: self._ask(request.url, address))
        begun = time.perf_counter()
        self.page.goto(address)
        self.page.wait_for_selector("html[data-drawn]", state="attached")
        print(f"opened, with charts, in {time.perf_counter() - begun:.2f} s")

    def _refuse(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def _ask(self, url: str, address: str) -> None:
        if url.partition("#")[0] != address and not url.startswith(("data:", "blob:")):
            self.said.append(f"asked for {url}")

    def section(self, name: str) -> Locator:
        return self.page.locator("section.machine").filter(has=self.page.get_by_role("heading", name=f"On {name}"))


@pytest.fixture
def opened(browser: Browser, report: str) -> Iterator[Opened]:
    """On a desktop; whatever a test does, the page must not complain and ask nothing of a network."""
    page = Opened(browser, report, viewport={"width": 1280, "height": 900})
    yield page
    page.page.close()
    assert page.said == []


def names(section: Locator) -> list[str]:
    """Exporters in the table of a section, as they stand."""
    headings = [h.strip("↕↑↓ ") for h in section.locator(".cells thead th").all_inner_texts()]
    at = headings.index("exporter") + 1
    return section.locator(f".cells tbody tr td:nth-child({at})").all_inner_texts()


def has(found: Locator, count: int, why: str = "") -> None:
    """So many elements, at once or soon: the page draws when the browser gives it the time."""
    from playwright.sync_api import expect

    expect(found, why or None).to_have_count(count)


def hovered(section: Locator, chart: str, number: int) -> str:
    """What hovering over a point tells."""
    point = points(section, chart).nth(number)
    section.page.mouse.move(0, 0)
    told = section.locator(f"figure[data-chart={chart}] .hoverlayer .hovertext")
    told.wait_for(state="detached")
    point.hover(force=True)
    told.wait_for()
    return told.text_content() or ""


def points(section: Locator, chart: str) -> Locator:
    plot = section.locator(f"figure[data-chart={chart}] .plot")
    plot.scroll_into_view_if_needed()
    plot.locator(".scatterlayer").first.wait_for(state="attached")
    return plot.locator(".scatterlayer .points path.point")


def test_it_has_a_section_for_each_machine_and_never_mixes_them(opened: Opened) -> None:
    board, machine = opened.section("a board"), opened.section("a machine")
    assert names(machine) == ["onnx-int8", "onnx", "onnx-int8", "onnx", "onnx-int8"]
    assert "it broke" in machine.inner_text() and "it broke" not in board.inner_text()
    has(points(machine, "latency"), 4, "an emulated latency has no place there")
    has(points(machine, "size"), 5)
    has(points(board, "latency"), 2)
    assert "synthetic" in machine.locator(".warn").inner_text()
    assert board.locator(".warn").count() == 0


def test_names_do_no_harm(opened: Opened) -> None:
    board = opened.section("a board")
    assert opened.page.title() == f"EdgeBench: r and {ENDING}"
    assert ENDING in names(board)
    assert REASON in board.inner_text()
    assert HOSTILE in board.locator(".facts").inner_text()
    assert opened.page.locator("img, script[src], iframe").count() == 0
    for chart in ("latency", "samples", "memories", "sizes"):
        board.locator(f"figure[data-chart={chart}] summary").click()
    assert HOSTILE in board.locator("figure[data-chart=latency] .behind table").inner_text()
    assert HOSTILE in hovered(board, "latency", 1)


def test_hovering_tells_the_cell_its_intervals_and_what_to_doubt(opened: Opened) -> None:
    machine = opened.section("a machine")
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
    assert machine.locator(".cells th[aria-sort=none]").count() == machine.locator(".cells th").count() - 1
    machine.get_by_role("button", name="p50 latency").click()
    assert "1.00 ms" in sizes.first.inner_text()
    assert "emulated" in sizes.last.inner_text(), "it is not ranked, whatever its figure"


def test_filtering(opened: Opened) -> None:
    machine = opened.section("a machine")
    words = machine.get_by_role("searchbox")
    words.fill("VIT int8")
    assert names(machine) == ["onnx-int8"]
    assert machine.locator(".told").inner_text() == "1 of 5 cells"
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
    machine.get_by_label("pi", exact=True).uncheck()
    has(points(machine, "size"), 2)
    machine.get_by_label("vit", exact=True).check()
    has(points(machine, "latency"), 4)
    has(points(board, "latency"), 2, "another machine's charts stay")


def test_every_chart_has_its_numbers(opened: Opened) -> None:
    machine = opened.section("a machine")
    for chart, rows, text in (
        ("latency", 4, "28.5 ms to 31.5 ms"), ("size", 5, "20 MB"), ("memory", 5, "75 MB"), ("samples", 4, "1500"),
        ("memories", 5, "57 MB"), ("sizes", 5, "104 M"),
    ):  # fmt: skip
        figure = machine.locator(f"figure[data-chart={chart}]")
        figure.locator("summary").focus()
        opened.page.keyboard.press("Enter")
        has(figure.locator("tbody tr"), rows, chart)
        assert text in figure.locator("table").inner_text(), chart
    machine.locator(".classes").scroll_into_view_if_needed()
    machine.locator(".classes table").wait_for()
    assert machine.locator(".classes thead").inner_text().split() == ["cell", "NORM", "MI"]
    assert "0.800" in machine.locator(".classes tbody tr").first.inner_text()


def test_light_and_dark(browser: Browser, report: str) -> None:
    dark = Opened(browser, report, color_scheme="dark", viewport={"width": 1280, "height": 900})
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.plot .xtitle')).fill"
    points(dark.section("a board"), "latency")
    by_system = dark.page.evaluate(paper), dark.page.evaluate(ink)
    button = dark.page.get_by_role("button", name="Dark")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    dark.page.wait_for_function(f"{ink} !== {by_system[1]!r}")
    assert button.get_attribute("aria-pressed") == "false"
    assert sum(map(int, re.findall(r"\d+", dark.page.evaluate(paper)))) > 600 > sum(
        map(int, re.findall(r"\d+", by_system[0]))
    )  # fmt: skip
    dark.page.reload()
    dark.page.wait_for_selector("html[data-drawn]", state="attached")
    assert button.get_attribute("aria-pressed") == "false", "the choice is kept"
    dark.page.close()
    assert dark.said == []


def test_a_phone_scrolls_down_only(browser: Browser, report: str) -> None:
    phone = Opened(
        browser, report, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, device_scale_factor=2
    )  # fmt: skip
    for summary in phone.page.locator("summary").all():
        summary.click()
    for section in (phone.section("a board"), phone.section("a machine")):
        for chart in ("latency", "samples", "memories", "sizes"):
            points(section, "latency") if chart == "latency" else section.locator(
                f"figure[data-chart={chart}] .plot"
            ).scroll_into_view_if_needed()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    assert phone.page.locator(".modebar-btn:visible").count() == 0
    phone.page.close()
    assert phone.said == []
