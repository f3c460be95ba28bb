"""How report.html looks in a real browser: colours, shapes, names of any kind, and how large all of it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flat_rows import changed
from opened_pages import DESKTOP, IN_CHROMIUM, PHONE, Opened, cell, points, sampled, written
from report_rows import failed, run_of

from edgebench.core.measurements import Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = IN_CHROMIUM
LONG = "a" * 60 + "b" * 60
STRANGE = (LONG, "<b>bold & 'quoted'</b>", "מודל-ראשון", "fbgemm-int8:minmax,per-tensor")
TALLEST = 480
TABLET = {"viewport": {"width": 800, "height": 1100}}
MODELS = [f"model-{number}" for number in range(20)]
"""More than there are colours; the fastest is the last one."""


@pytest.fixture(scope="module")
def crowd(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Models beyond the eighth, on two targets that are measured and one that is emulated."""
    targets = (("host", False), ("one-thread", False), ("pi", True))
    rows = [
        cell(
            model, "onnx", 0.02 - 0.0005 * i + 0.0001 * place, target=target, emulated=away, macro_f1=0.6 + 0.005 * i,
            verdict="emulated" if away else "stable", file_size_bytes=1_000_000 + i * 100_000, zip_size_bytes=None,
        )
        for i, model in enumerate(MODELS)
        for place, (target, away) in enumerate(targets)
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("crowd")
    sampled([m for m in rows if not m.emulated], folder)
    plan = {"models": MODELS, "targets": [target for target, _ in targets], "measuring": {}}
    run = replace(run_of(*rows), folder=folder, plan=plan)
    with Opened(browser, written(run, folder), **DESKTOP) as page:
        yield page


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with names that are long, run from right to left, or look like markup."""
    folder = tmp_path_factory.mktemp("strange")
    pairs = [(m, e) for m, e in itertools.product(STRANGE, STRANGE) if LONG not in (m, e) or m != e]
    rows = [
        cell(model, exporter, 0.001 + 0.0001 * i, file_size_bytes=1_000_000 * (i + 1), verdict="noisy", macro_f1=0.6,
             verdict_reason=f"its processes differ {LONG}")
        for i, (model, exporter) in enumerate(pairs)
    ]  # fmt: skip
    sampled([m for m in rows if LONG not in (m.cell.model, m.cell.exporter)], folder)
    environment = {"cpu": LONG, "packages": {LONG: "1"}}
    bad = changed(failed(LONG, f"because {LONG}"), model=LONG)
    return written(named(replace(run_of(*rows, bad), folder=folder, environment=environment)), folder)


def named(run: Run) -> Run:
    return replace(run, name=LONG, measurements=tuple(replace(m, host=LONG) for m in run.measurements))


def plot(page: Opened, chart: str) -> Locator:
    found = page.page.locator(f"figure[data-chart={chart}] .plot")
    found.scroll_into_view_if_needed()
    found.locator(".scatterlayer").first.wait_for(state="attached")
    return found


def drawn(page: Opened, chart: str) -> list[tuple[str, str]]:
    """Colour and shape of each point of a chart, in the order of its traces."""
    points = """e => e.data.flatMap(t => (t.x ?? []).map((_, i) => [t.marker.color[i], t.marker.symbol[i]]))"""
    return [(colour, shape) for colour, shape in plot(page, chart).evaluate(points)]


def test_no_two_of_a_chart_look_alike_and_charts_agree(crowd: Opened) -> None:
    latency, size = drawn(crowd, "latency"), drawn(crowd, "size")
    assert len(set(latency)) == len(latency) == 2 * len(MODELS)
    assert len(set(size)) == len(size) == 3 * len(MODELS), "those that are emulated are hollow"
    assert set(latency) == {look for look in size if not look[1].endswith("-open")}
    bars = plot(crowd, "sizes").evaluate("e => e.data[0].marker.color")
    assert set(bars) <= {colour for colour, _ in latency}


def test_the_names_are_the_key_in_the_plans_order(crowd: Opened) -> None:
    models = crowd.page.get_by_role("group", name="Models (colour and shape)")
    labels = models.locator("label")
    assert labels.locator("bdi").all_inner_texts() == MODELS
    key = "e => [...e.querySelectorAll('.mark')].map(m => [m.dataset.shape, getComputedStyle(m.firstChild).fill])"
    looks = [tuple(map(tuple, label.evaluate(key))) for label in labels.all()]
    assert len(set(looks)) == len(MODELS)
    in_chart = {(shape, rgb(colour)) for colour, shape in drawn(crowd, "latency")}
    assert {look for of_model in looks for look in of_model} == in_chart
    targets = crowd.page.get_by_role("group", name="Targets (shape)")
    shapes = [
        label.evaluate("e => [...e.querySelectorAll('.mark')].map(m => m.dataset.shape)")
        for label in targets.locator("label").all()
    ]
    assert not set(shapes[0]) & set(shapes[1]), "measured targets differ by shape"
    assert "hollow" in targets.inner_text()
    told = crowd.page.locator(".looks").inner_text()
    assert "Models have a colour and a shape" in told and "Targets have a shape" in told


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


BOXES = """e => [...e.querySelectorAll('.ytick text, .annotation-text')].map(t => {
    const b = t.getBoundingClientRect(), p = e.getBoundingClientRect();
    return [t.textContent, b.left - p.left, b.top - p.top, b.right - p.left, b.bottom - p.top, p.width, p.height]; })"""


def rows_of(page: Opened, chart: str) -> list[str]:
    """All names of a chart with a row a cell, page by page; none is cut off and none covers another."""
    plot(page, chart)
    figure = page.page.locator(f"figure[data-chart={chart}]")
    found = []
    while True:
        boxes = figure.locator(".plot").evaluate(BOXES)
        for text, left, top, right, bottom, width, height in boxes:
            assert left >= -0.5 and right <= width + 0.5 and top >= 0 and bottom <= height + 3, text
        for one, other in itertools.pairwise(sorted(boxes, key=lambda box: float(box[2]))):
            assert one[4] <= other[2] + 1, f"{one[0]} covers {other[0]}"
        assert boxes[0][6] <= TALLEST
        found += [box[0] for box in boxes]
        later = figure.get_by_role("button", name="Next")
        if not later.is_visible() or later.get_attribute("aria-disabled") == "true":
            return found
        later.click()
        page.page.locator(f"figure[data-chart={chart}]:not([aria-busy])").wait_for()


def test_rows_turn_over_and_their_names_are_whole(crowd: Opened) -> None:
    measured = {f"{model} onnx · {target}" for model in MODELS for target in ("host", "one-thread")}
    assert sorted(rows_of(crowd, "samples")) == sorted(measured)
    assert sorted(rows_of(crowd, "sizes")) == sorted(measured | {f"{model} onnx · pi" for model in MODELS})
    figure = crowd.page.locator("figure[data-chart=sizes]")
    assert figure.locator(".pager span").inner_text().endswith("to 60 of 60")
    scale = "e => e._fullLayout.xaxis.range"
    last = figure.locator(".plot").evaluate(scale)
    figure.get_by_role("button", name="Previous").click()
    assert figure.locator(".plot").evaluate(scale) == last, "all rows have the same axis"
    crowd.page.get_by_label("model-3", exact=True).uncheck()
    assert figure.locator(".pager span").inner_text().endswith("of 57")
    assert figure.locator(".pager span").inner_text().startswith("1 to ")
    crowd.page.get_by_label("model-3", exact=True).check()


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
def test_any_name_has_room(browser: Browser, strange: str, size: dict[str, Any]) -> None:
    with Opened(browser, strange, **size) as page:
        for summary in page.page.locator("summary:visible").all():
            summary.click()
        texts = ["".join(text.split()) for text in rows_of(page, "memories")]
        assert len(texts) == 15
        for model, exporter in itertools.product(STRANGE, STRANGE):
            if model != exporter or model != LONG:
                label = "".join(f"{model}{exporter}".split())
                assert any(label == text.replace("\u2068", "").replace("\u2069", "") for text in texts), label
        points(page.page.locator("section.machine"), "latency")
        width = page.page.evaluate("document.documentElement.clientWidth")
        assert page.page.evaluate("document.documentElement.scrollWidth") == width
        outside = page.page.evaluate(
            """w => [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
                && !e.closest('.scroll, pre, .sr, .skip, svg') && (e.getBoundingClientRect().right > w + 1
                || e.getBoundingClientRect().left < -1)).map(e => e.outerHTML.slice(0, 80))""",
            width,
        )  # fmt: skip
        assert outside == [], "only what scrolls in its own frame is wider than the screen"


def test_switches_and_buttons_are_as_large_as_a_thumb(browser: Browser, strange: str) -> None:
    with Opened(browser, strange, **PHONE) as page:
        plot(page, "memories")
        low = page.page.evaluate(
            """() => [...document.querySelectorAll('label, button, summary, input[type=search], nav a')]
                .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 44)
                .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert low == []
        assert page.page.locator(".modebar-btn:visible").count() == 0
        page.page.locator(".switches label").nth(1).tap()
        assert page.page.locator(".switches input").nth(1).is_checked() is False
