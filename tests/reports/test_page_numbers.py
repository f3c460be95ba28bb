"""Numbers of report.html in a real browser: written as the package writes them, and sorted as numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flat_rows import changed
from opened_pages import DESKTOP, IN_CHROMIUM, Opened, cell, written
from report_rows import OK, run_of

from edgebench.core import units
from edgebench.reports import columns
from edgebench.reports.html import HERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = IN_CHROMIUM
CLOSE = (1.0, 1e-3, 1e-6, 1e-9, 1e2, 1e3, 1e5, 1e7, 1e9)
"""Where units or digits change."""


def values() -> list[float]:
    """Numbers of all sizes, many of them where a rounded number changes its unit, or just in the middle of two."""
    chance = random.Random(0)
    near = [one * (1 + sign * off) for one in CLOSE for sign in (-1, 1) for off in (0, 1e-12, 4e-4, 5e-4, 5.1e-4, 6e-4)]
    middles = [int(n) * 0.5**k + 0.5 ** (k + 1) for n in range(1, 200, 7) for k in range(8)]
    short = [round(chance.uniform(0, 1) * 10 ** chance.uniform(-7, 3), chance.randint(2, 9)) for _ in range(1000)]
    return [
        0.0,
        0.9996,
        1.14,
        0.01225,
        0.49999,
        *near,
        *middles,
        *short,
        *(10 ** chance.uniform(-9, 4) for _ in range(1000)),
    ]


def test_numbers_are_written_as_the_package_writes_them(browser: Browser) -> None:
    script = (HERE / "formats.js").read_text("utf-8")
    some, whole = values(), [int(1e4 * value) for value in values() if value < 1e7]
    page = browser.new_page()
    times, sizes, counts, scores, changes = page.evaluate(
        f"([some, whole]) => {{ {script}; return [some.map(show.duration), whole.map(show.size), "
        "whole.map(show.count), some.map((v) => show.score(v % 1, { decimals: 3 })), "
        "some.map((v) => show.delta(v % 1 - 0.5, { decimals: 3 }))] }",
        [some, whole],
    )
    page.close()
    assert dict(zip(some, times, strict=True)) == {v: units.duration(v) for v in some}
    assert dict(zip(whole, sizes, strict=True)) == {v: units.size(v) for v in whole}
    assert dict(zip(whole, counts, strict=True)) == {v: units.count(v) for v in whole}
    assert scores == [f"{v % 1:.3f}" for v in some]
    assert changes == [columns.delta(changed(OK, delta_macro_f1=v % 1 - 0.5)) for v in some]
    assert {"1.14 s", "1.00 s", "999 ms"} <= set(times) and not any("e" in text for text in (*times, *sizes))


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Latencies of which 9 ms is the smaller number and the larger text than 10 ms; some figures are missing."""
    lacking: dict[str, Any] = {"delta_macro_f1": None, "delta_low": None, "delta_high": None}
    rows = [
        cell("a", "onnx", 0.009, file_size_bytes=5_000_000, macro_f1=0.60),
        cell("b", "onnx", 0.010, file_size_bytes=400_000, macro_f1=0.61, zip_size_bytes=None),
        cell("a", "eager", 1.140, file_size_bytes=5_000_000, macro_f1=0.62, verdict=None, **lacking),
        cell("b", "eager", 0.100, file_size_bytes=5_000_000, macro_f1=0.75, delta_macro_f1=-0.2),
        cell("b", "pi-only", 0.001, file_size_bytes=5_000_000, target="pi", emulated=True, verdict="emulated"),
    ]
    run = replace(run_of(*rows), plan={"targets": ["host", "pi"], "measuring": {}})
    with Opened(browser, written(run, tmp_path_factory.mktemp("page")), **DESKTOP) as page:
        yield page


def order(table: Locator) -> list[str]:
    return [" ".join(row.split()[:2]) for row in ordered(table, "model", "exporter")]


def ordered(table: Locator, *columns: str) -> list[str]:
    headings = [h.strip("↕↑↓ ") for h in table.locator("thead th").all_inner_texts()]
    at = [headings.index(column) for column in columns]
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    return [" ".join(row[i] for i in at) for row in rows]


def test_the_front_comes_first_and_then_the_order_of_the_report(opened: Opened) -> None:
    table = opened.page.locator(".cells table")
    stars = [text.startswith("★") for text in ordered(table, "★")]
    assert any(stars) and stars == sorted(stars, reverse=True)
    assert table.locator("th[aria-sort=descending]").count() == 1
    rest = [text for text, star in zip(order(table), stars, strict=True) if not star]
    assert rest == [text for text in ("a onnx", "a eager", "b onnx", "b pi-only", "b eager") if text in rest], "lost"


def test_numbers_sort_as_numbers_and_what_is_missing_comes_last(opened: Opened) -> None:
    table = opened.page.locator(".cells table")

    def press(name: str) -> list[str]:
        table.get_by_role("button", name=name, exact=True).click()
        return ordered(table, name)

    assert [text.split("\n")[0] for text in press("p50 latency")] == [
        "9.00 ms",
        "10.0 ms",
        "100 ms",
        "1.14 s",
        "1.00 ms",
    ]
    assert [text.split("\n")[0] for text in press("p50 latency")] == [
        "1.14 s",
        "100 ms",
        "10.0 ms",
        "9.00 ms",
        "1.00 ms",
    ]
    assert press("size")[0] == "0.40 MB" and press("size")[-1] == "0.40 MB"
    for _ in range(2):
        assert press("Δ F1")[-1] == "" and press("zip")[-1] == "" and press("timing")[-1] == ""


def test_sorting_is_stable(opened: Opened) -> None:
    table = opened.page.locator(".cells table")
    for name in ("macro-F1", "model"):  # the best score first, then by model
        table.get_by_role("button", name=name, exact=True).click()
    assert order(table) == ["a eager", "a onnx", "b eager", "b pi-only", "b onnx"]
    table.get_by_role("button", name="model", exact=True).click()
    assert order(table) == ["b eager", "b pi-only", "b onnx", "a eager", "a onnx"]
