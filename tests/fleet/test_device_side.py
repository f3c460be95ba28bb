"""The device side's process on a worker's machine."""

from __future__ import annotations

import time
from pathlib import Path

from bundle_makers import contents

from edgebench.fleet import device_side
from edgebench.remote.bundles import writing


def test_what_it_refuses_is_the_reason_and_leaves_no_run(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "run").mkdir()
    reason = device_side.measure(tmp_path, lambda _: None, lambda: False, 60)
    assert "bundle" in reason and reason.isprintable() and not reason.startswith("error")


def test_it_ends_when_nobody_waits_any_more(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "bundle", folder=True)
    begun = time.monotonic()
    assert device_side.measure(tmp_path, lambda _: None, lambda: True, 60)
    assert time.monotonic() - begun < 30 and not (tmp_path / "run" / "report.csv").exists()


def test_silence_has_an_end(tmp_path: Path) -> None:
    assert "0.01 s" in device_side.measure(tmp_path, lambda _: None, lambda: False, 0.01)
