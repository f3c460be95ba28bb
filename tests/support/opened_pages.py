"""Pages of reports in a real browser, and what tests look at in them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flat_rows import changed, value
from report_rows import OK, text_of

from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.pipeline import run_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Locator, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
IN_CHROMIUM = [
    pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(BROWSERS)} is here")
]  # fmt: skip
PATIENCE_MS = 180_000
"""What a machine may take that does other work, too."""
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def cell(model: str, exporter: str, latency: float, **fields: object) -> Measurement:
    columns: dict[str, object] = {
        "model": model, "exporter": exporter, "latency_p50_s": latency, "latency_p50_low_s": 0.95 * latency,
        "latency_p50_high_s": 1.05 * latency, "delta_macro_f1": 0.001, "delta_low": -0.002, "delta_high": 0.004,
        "runtime_rss_bytes": 57_000_000,
    }  # fmt: skip
    return changed(OK, **{**columns, **fields})


def sampled(rows: Sequence[Measurement], folder: Path) -> None:
    """Raw samples of the rows, around their medians, as a run's folder has them."""
    (folder / "samples").mkdir()
    rng = np.random.default_rng(0)
    for m in rows:
        samples = (value(m, "latency_p50_s") or 0) * np.exp(0.1 * rng.standard_normal(300))
        np.save(run_store.output_of(folder, JobKey.of_cell("latency", m.cell, 0)), samples)


def written(run: Run, folder: Path) -> str:
    """The address of the run's page."""
    path = folder / "report.html"
    path.write_text(text_of("html", run), encoding="utf-8")
    return path.as_uri()


class Opened:
    """A page and what it said meanwhile."""

    def __init__(self, browser: Browser, address: str, **options: object) -> None:
        self.said: list[str] = []
        self.page: Page = browser.new_page(**options)  # type: ignore[arg-type]
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda request: self._ask(request.url, address))
        begun = time.perf_counter()
        self.page.goto(address)
        self.page.wait_for_selector("html[data-drawn]", state="attached")
        print(f"opened, with charts, in {time.perf_counter() - begun:.2f} s")

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.page.close()
        if kind is None:
            assert self.said == [], "the page complained, or asked for something"

    def _refuse(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def _ask(self, url: str, address: str) -> None:
        if url.partition("#")[0] != address and not url.startswith(("data:", "blob:")):
            self.said.append(f"asked for {url}")

    def section(self, name: str) -> Locator:
        return self.page.locator("section.machine").filter(has=self.page.get_by_role("heading", name=f"On {name}"))


def names(section: Locator) -> list[str]:
    """Exporters in the table of a section, as they stand."""
    headings = [h.strip("↕↑↓ ") for h in section.locator(".cells thead th").all_inner_texts()]
    at = headings.index("exporter") + 1
    return section.locator(f".cells tbody tr > :nth-child({at})").all_inner_texts()


def has(found: Locator, count: int, why: str = "") -> None:
    """So many elements, at once or soon: the page draws when the browser gives it the time."""
    from playwright.sync_api import expect

    expect(found, why or None).to_have_count(count, timeout=PATIENCE_MS)


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
