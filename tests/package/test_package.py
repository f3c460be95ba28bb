"""The wheels: small, complete, and usable outside the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from warm_children import Server

import edgebench
from edgebench.models import store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels by the distribution's name, built from a copy of the sources, which leaves no build folder here."""
    source, out = tmp_path_factory.mktemp("source") / "edgebench", tmp_path_factory.mktemp("wheel")
    skip = shutil.ignore_patterns(".git", ".venv*", "build", "*.egg-info", "__pycache__", "results", ".*_cache")
    shutil.copytree(ROOT, source, ignore=skip)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out)]
    subprocess.run([*build, str(source), str(source / "weights")], check=True)
    return {path.name.partition("-")[0].replace("_", "-"): path for path in out.glob("*.whl")}


@pytest.fixture(scope="module")
def wheel(wheels: dict[str, Path]) -> Path:
    return wheels["edgebench"]


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def install(wheel: Path, site: Path) -> None:
    """Into a folder, without a network."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*command, str(wheel)], check=True)


def run_in(folder: Path, site: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command outside the checkout, with what is installed in `site`."""
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_WAIT_POLICY": "PASSIVE", "COLUMNS": "80"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_a_board_takes_a_small_wheel(wheel: Path) -> None:
    assert wheel.stat().st_size <= 8e6
    weights = [n for n in names_in(wheel) if n.endswith(".safetensors")]
    assert set(weights) == {f"edgebench/models/weights/{path.name}" for path in store.SHIPPED.glob("*.safetensors")}


def is_inside(name: str) -> bool:
    """Whether the weights of a shipped model are in the base wheel."""
    return (store.SHIPPED / f"{name}.safetensors").is_file()


def test_the_second_wheel_holds_the_other_weights(wheels: dict[str, Path]) -> None:
    files = {n for n in names_in(wheels["edgebench-weights"]) if ".dist-info/" not in n}
    others = {f"edgebench_weights/{name}.safetensors" for name in store.shipped() if not is_inside(name)}
    assert files == {"edgebench_weights/__init__.py", *others}


def test_it_holds_what_runs_need(wheel: Path) -> None:
    names = names_in(wheel)
    for needed in (
        "edgebench/py.typed", "edgebench/exporters/onnx_fp32.py", "edgebench/targets/raspberry-pi-5.toml",
        "edgebench/models/weights/vit.json", "edgebench/data/demo/beats.npz",
        "edgebench/reports/html/page.html.j2", "edgebench/reports/html/style.css", "edgebench/reports/html/page.js",
    ):  # fmt: skip
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "exporters/", "targets/"))], "no generic top-level names"
    assert any(n.endswith("licenses/LICENSE") for n in names)


def first_words(text: str) -> set[str]:
    """The first word of each line."""
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def entry_points(group: str) -> list[str]:
    """What pyproject.toml registers."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][group])


@pytest.mark.slow
def test_it_runs_outside_the_checkout(wheels: dict[str, Path], tmp_path: Path, warm: Server) -> None:
    """What needs torch is forked from a process that has it, and that has nothing of EdgeBench."""
    site, forked = tmp_path / "site", warm.command("edgebench")
    install(wheels["edgebench"], site)
    where = "import edgebench, edgebench.exporters as e; print(edgebench.__file__, e.__file__)"
    places = run_in(tmp_path, site, sys.executable, "-c", where).stdout
    assert places and all(path.startswith(str(site)) for path in places.split())
    listed = run_in(tmp_path, site, sys.executable, "-m", "edgebench", "list", "exporters")
    assert listed.returncode == 0, listed.stderr
    assert first_words(listed.stdout) >= set(entry_points("edgebench.exporters")), "each of the checkout's, none lost"
    command = (
        *forked, "run", "--exporter", "onnx", "--target", "host", "--limit", "8", "--processes", "1",
        "--min-samples", "3", "--min-seconds", "0", "--threads", "1", "-o",
    )  # fmt: skip
    done = run_in(tmp_path, site, *command, "run")
    assert done.returncode == 0, done.stderr
    assert "onnx" in done.stdout
    assert (tmp_path / "run" / "report.csv").exists()

    refused = run_in(tmp_path, site, *command, "other", "--model", "inceptiontime")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1 and "edgebench-weights" in refused.stderr
    assert not (tmp_path / "other").exists()
    listed = run_in(tmp_path, site, *forked, "list", "models")
    assert listed.returncode == 0
    found = {line.split()[0]: line.split()[-1] for line in listed.stdout.splitlines() if "0.7" in line}
    for name in set(store.shipped("multilabel")) - {"vit"}:
        assert found[name] == ("shipped" if is_inside(name) else "missing")

    install(wheels["edgebench-weights"], site)
    export = ("export", "--exporter", "eager", "--model", "inceptiontime", "-o", "other")
    done = run_in(tmp_path, site, *forked, *export)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "other" / "inceptiontime" / "none" / "eager" / "manifest.json").is_file()


def test_one_version_number() -> None:
    assert importlib.metadata.version("edgebench") == edgebench.__version__
    weights = tomllib.loads((ROOT / "weights" / "pyproject.toml").read_text())["project"]
    assert weights["version"] == edgebench.__version__, "one message names it as what to install"
    assert f"## [{edgebench.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_files_are_short() -> None:
    long = {
        path.relative_to(ROOT): count
        for folder in ("edgebench", "exporters", "tests", "benchmarks", "scripts", "weights")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 320
    }
    assert not long
