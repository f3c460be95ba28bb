"""report.html for people who do not use a mouse, do not see the charts, or do not want things to move."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from opened_pages import DESKTOP, IN_CHROMIUM, Opened, cell, has, points, sampled, written
from report_rows import failed, run_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = IN_CHROMIUM
CHARTS = ("latency", "size", "memory", "samples", "memories", "sizes")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a page on which everything is that a page can have."""
    folder = tmp_path_factory.mktemp("page")
    reason = "others kept 1.6 cores busy; " * 6
    noisy = {"verdict": "noisy", "verdict_reason": reason}
    rows = [
        cell("net", f"exporter-{i:02}", 0.001 + 0.001 * i, macro_f1=0.7 + 0.001 * i, **noisy) for i in range(24)
    ] + [cell("net", "onnx", 0.001, target="pi", emulated=True, verdict="emulated", macro_f1=0.7)]  # fmt: skip
    sampled(rows[:24], folder)
    plan = {"targets": ["host", "pi"], "measuring": {"processes": 1}}
    run = replace(run_of(*rows, failed("bad", "it broke")), folder=folder, plan=plan)
    return written(run, folder)


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    with Opened(browser, address, reduced_motion="reduce", **DESKTOP) as page:
        yield page


@pytest.fixture(scope="module")
def shown(browser: Browser, address: str) -> Iterator[Opened]:
    """One page for the tests that change nothing of what another one looks at."""
    with Opened(browser, address, reduced_motion="reduce", **DESKTOP) as page:
        yield page


def outlined(found: Locator) -> bool:
    """Whether an element that has the focus shows it."""
    return bool(found.evaluate("e => e === document.activeElement && getComputedStyle(e).outlineStyle === 'solid'"))


def test_headings_language_and_tables(opened: Opened) -> None:
    page = opened.page
    for chart in CHARTS:
        page.locator(f"figure[data-chart={chart}] summary").click()
    page.locator(".classes").scroll_into_view_if_needed()
    page.locator(".classes table").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    tables = page.locator("table")
    assert tables.count() == len(CHARTS) + 3
    for table in tables.all():
        assert table.locator("caption").inner_text().strip() and table.locator("thead th").count()
        rows = table.locator("tbody tr").count()
        assert table.locator("tbody th[scope=row]").count() == rows > 0, "each row has its heading"
    captions = tables.locator("caption").all_inner_texts()
    assert len(set(captions)) == len(captions)


def test_everything_to_use_has_a_name(shown: Opened) -> None:
    page = shown.page
    for found in page.locator("input:visible, button:visible, summary:visible, [tabindex='0']:visible, nav a").all():
        # As the browser tells it to a screen reader.
        said = re.match(r"- '?[\w ]+? \"(.+)\"|- [\w ]+?: (.+)|- \w+", found.aria_snapshot().splitlines()[0])
        assert said and (said[1] or said[2] or found.inner_text().strip()), found.evaluate(
            "e => e.outerHTML.slice(0, 200)"
        )
    assert page.locator("fieldset legend").count() == page.locator("fieldset").count() == 3


def test_charts_are_told_in_words(shown: Opened) -> None:
    for chart in CHARTS:
        figure = shown.page.locator(f"figure[data-chart={chart}]")
        figure.scroll_into_view_if_needed()
        figure.locator(".scatterlayer").first.wait_for(state="attached")
        plot = figure.locator(".plot")
        shown.page.locator(f"figure[data-chart={chart}]:not([aria-busy])").wait_for()
        assert plot.get_attribute("role") == "group"
        assert plot.locator("svg.main-svg:not([aria-hidden=true])").count() == 0, "not letter by letter"
        name, told = (
            shown.page.locator(f"[id='{plot.get_attribute(f'aria-{which}by')}']") for which in ("labelled", "described")
        )
        assert name.inner_text() == figure.locator("figcaption").inner_text()
        text = told.text_content() or ""
        assert "exporter-00" in text and text.endswith("The table below has all numbers."), text
    assert "macro-F1 0.7" in (shown.page.locator("figure[data-chart=latency] .description").text_content() or "")
    assert "Lowest median: 1.00 ms" in (
        shown.page.locator("figure[data-chart=samples] .description").text_content() or ""
    )


def test_the_keyboard_does_it_all(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("Tab")
    assert outlined(page.locator(".skip")) and page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    box = page.get_by_label("exporter-03", exact=True)
    box.focus()
    page.keyboard.press("Space")
    assert not box.is_checked() and outlined(box)
    assert page.locator(".count").inner_text() == "24 of 25 cells"
    page.get_by_role("button", name="None exporters").focus()
    page.keyboard.press("Enter")
    assert page.locator(".count").inner_text() == "0 of 25 cells"
    latency = page.locator("figure[data-chart=latency]")
    has(latency.locator(".plot:visible"), 0)
    said = latency.locator(".empty:visible").inner_text()
    assert said == "Nothing to show: all cells of this chart are switched off."
    page.keyboard.press("Shift+Tab")
    page.get_by_role("button", name="All exporters").focus()
    page.keyboard.press("Enter")
    assert page.locator(".count").inner_text() == "25 of 25 cells" and box.is_checked()
    has(points(page.locator("section.machine"), "latency"), 24)


def test_rows_turn_by_the_keyboard_and_keep_the_focus(shown: Opened) -> None:
    figure = shown.page.locator("figure[data-chart=sizes]")
    figure.scroll_into_view_if_needed()
    later, earlier = (figure.get_by_role("button", name=name) for name in ("Next", "Previous"))
    later.focus()
    assert earlier.get_attribute("aria-disabled") == "true"
    for _ in range(3):  # there are two pages
        shown.page.keyboard.press("Enter")
        assert outlined(later)
    assert figure.locator(".pager [role=status]").inner_text().endswith("to 25 of 25")
    assert later.get_attribute("aria-disabled") == "true" and earlier.get_attribute("aria-disabled") == "false"


def test_a_long_reason_opens_by_the_keyboard(shown: Opened) -> None:
    reason = shown.page.locator(".cells details.reason").first
    assert "others kept" in reason.inner_text() and reason.inner_text().count("others kept") < 6
    reason.locator("summary").focus()
    shown.page.keyboard.press("Enter")
    assert reason.inner_text().count("others kept") == 6 and outlined(reason.locator("summary"))


def test_nothing_moves_where_that_is_asked(opened: Opened) -> None:
    points(opened.page.locator("section.machine"), "latency")
    moving = opened.page.evaluate(
        """[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
            return s.animationName !== 'none' || s.transitionProperty !== 'none' && parseFloat(s.transitionDuration) > 0
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert moving == []
