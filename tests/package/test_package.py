"""The wheel: complete, and usable outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, so that no build folder is left in the checkout."""
    import shutil

    source, out = tmp_path_factory.mktemp("source") / "edgebench", tmp_path_factory.mktemp("wheel")
    skip = shutil.ignore_patterns(".git", ".venv*", "build", "*.egg-info", "__pycache__", "results", ".*_cache")
    shutil.copytree(ROOT, source, ignore=skip)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(source),
    ]
    subprocess.run(command, check=True)
    return next(out.glob("edgebench-*.whl"))


def test_it_holds_what_runs_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in (
        "edgebench/py.typed", "edgebench/exporters/onnx_fp32.py", "edgebench/targets/raspberry-pi-5.toml",
        "edgebench/models/weights/resnet1d.safetensors", "edgebench/data/demo/beats.npz",
        "edgebench/reports/html/page.html.j2", "edgebench/reports/html/style.css", "edgebench/reports/html/page.js",
    ):  # fmt: skip
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "exporters/", "targets/"))], "no generic top-level names"
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_it_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True)
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_WAIT_POLICY": "PASSIVE"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )  # fmt: skip

    where = run("-c", "import edgebench, edgebench.exporters as e; print(edgebench.__file__, e.__file__)").stdout
    assert all(path.startswith(str(site)) for path in where.split())
    done = run(
        "-m", "edgebench", "run", "--exporter", "onnx", "--target", "host", "--limit", "8", "--processes", "1",
        "--min-samples", "3", "--min-seconds", "0", "--threads", "1", "-o", "run",
    )  # fmt: skip
    assert "onnx" in done.stdout
    assert (tmp_path / "run" / "report.csv").exists()


def test_one_version_number() -> None:
    import importlib.metadata

    import edgebench

    assert importlib.metadata.version("edgebench") == edgebench.__version__
    assert f"## [{edgebench.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_files_are_short() -> None:
    long = {
        path.relative_to(ROOT): count
        for folder in ("edgebench", "exporters", "tests", "benchmarks", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 320
    }
    assert not long
