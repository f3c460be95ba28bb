"""The wheel of the device side."""

from __future__ import annotations

from pathlib import Path

from bundle_makers import entries_of

from edgebench.remote.bundles import wheel


def test_the_wheel_has_no_weights_and_asks_for_little(tmp_path: Path) -> None:
    (tmp_path / wheel.NAME).write_bytes(wheel.build())
    entries = entries_of(tmp_path / wheel.NAME)
    assert wheel.build() == (tmp_path / wheel.NAME).read_bytes()
    assert (tmp_path / wheel.NAME).stat().st_size < 930_000  # the fleet came last, with what builds and measures there
    assert not [name for name in entries if "weights/" in name or "__pycache__" in name]
    assert {
        "edgebench/measuring/worker.py",
        "edgebench/exporters/onnx_fp32.py",
        "edgebench/targets/cuda.toml",
    } <= entries.keys()
    metadata = entries[f"{wheel.INFO}/METADATA"].decode()
    always = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert always == [f"Requires-Dist: {needed}" for needed in ("msgspec>=0.19", "numpy>=1.26", "psutil>=5.9")]
