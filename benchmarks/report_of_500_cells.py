"""How large is report.html of a run with 500 cells, and how soon does it show its charts in Chromium?

    python benchmarks/report_of_500_cells.py RUN [--cells 500] [--openings 5]

RUN is a finished run; the script copies its measured cells under other names, with their raw samples, until there are
enough. It opens the page from a file several times, each time in a fresh tab, until headline, table and visible
charts are drawn. The fastest opening counts, since disturbances only add time. The main thread's time is printed
beside it.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from edgebench.core import registry
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Run
from edgebench.pipeline import run_store

BOUND_S = 2.0
BOUND_BYTES = 6_000_000


def enlarged(run: Run, count: int, folder: Path) -> Run:
    """The run with its measured cells copied until there are `count`; their samples are copied into `folder`."""
    (folder / "samples").mkdir()
    rows = []
    measured = [m for m in run.measurements if m.status == "ok" and not m.emulated]
    for number, m in zip(range(count), itertools.cycle(measured), strict=False):
        copy = replace(m, cell=replace(m.cell, model=f"{m.cell.model}-{number // len(measured)}"), run=folder.name)
        rows.append(copy)
        for process in range(99):
            path = run_store.output_of(run.part_of(m).folder, JobKey.of_cell("latency", m.cell, process))
            if path.is_file():
                shutil.copy(path, run_store.output_of(folder, JobKey.of_cell("latency", copy.cell, process)))
    return replace(run, name=folder.name, folder=folder, measurements=tuple(rows))


def opened(page: Path, times: int) -> list[tuple[float, float]]:
    """For each opening, the seconds until the charts are drawn and those that the main thread computed."""
    from playwright.sync_api import sync_playwright

    found = []
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with (
        sync_playwright() as driver,
        driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]) as chromium,
    ):
        for _ in range(times):
            tab = chromium.new_page(viewport={"width": 1280, "height": 900})
            tab.goto("about:blank")
            session = tab.context.new_cdp_session(tab)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            begun = time.perf_counter()
            tab.goto(page.as_uri(), wait_until="commit")
            tab.wait_for_selector("html[data-drawn]", state="attached")
            seconds = time.perf_counter() - begun
            metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
            found.append((seconds, float(metrics["TaskDuration"])))
            assert tab.locator(".cells tbody tr").count() and tab.locator("figure .scatterlayer .point").count()
            tab.close()
    return found


def main() -> int:
    """Render, open, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--openings", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = enlarged(run_store.read(args.run), args.cells, Path(scratch))
        begun = time.perf_counter()
        renderer = registry.renderer("html")
        text = renderer.render(run)[renderer.file]
        rendered = time.perf_counter() - begun
        page = Path(scratch) / renderer.file
        page.write_bytes(text if isinstance(text, bytes) else text.encode())
        size = page.stat().st_size
        found = opened(page, args.openings)
    print(f"{args.cells} cells: {size / 1e6:.2f} MB (bound {BOUND_BYTES / 1e6:g}), rendered in {rendered:.1f} s")
    print("opened, in s (of which the main thread): " + ", ".join(f"{s:.2f} ({cpu:.2f})" for s, cpu in found))
    fastest = min(s for s, _ in found)
    print(f"fastest opening {fastest:.2f} s (bound {BOUND_S:g})")
    return int(size >= BOUND_BYTES or fastest >= BOUND_S)


if __name__ == "__main__":
    sys.exit(main())
