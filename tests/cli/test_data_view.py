"""What `edgebench data info` says."""

from __future__ import annotations

from pathlib import Path

from helpers import PluginMaker, edgebench_here
from small_datasets import make_cifar10


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the tables, by their first word."""
    return {words[0]: words[1:] for line in text.splitlines() if (words := line.split())}


def test_an_embedded_dataset_needs_no_folder() -> None:
    done = edgebench_here("data", "info", "demo-echo")
    assert done.returncode == 0 and "demo echo (synthetic)" in done.stdout
    found = rows(done.stdout)
    assert found["train"] == ["1000", "0", "0", "0"] and found["answers"] == ["EF", "in", "%"]


def test_a_dataset_and_what_its_folder_lacks(tmp_path: Path) -> None:
    folder = make_cifar10(tmp_path / "cifar10", 20)
    (folder / "cifar-10-batches-py" / "test_batch").write_bytes(b"")
    about, counted = edgebench_here("data", "info", "cifar10"), edgebench_here("data", "info", "cifar10", folder)
    assert about.returncode == counted.returncode == 0
    assert "broken" not in about.stdout and about.stdout.strip().endswith("data info cifar10 FOLDER")
    assert rows(counted.stdout)["test"] == ["10000", "0", "10000", "0"]


def test_options_change_what_counts(tmp_path: Path) -> None:
    own = tmp_path / "mine.py"
    own.write_text("import numpy as np\n\ndef dataset(split):\n    return np.ones((3, 2)), np.arange(3.0)\n")
    assert rows(edgebench_here("data", "info", f"{own}:dataset").stdout)["test"] == ["3", "0", "0", "0"]
    wrong = edgebench_here("data", "info", f"{own}:dataset", "--dataset-option", "size=3")
    assert wrong.returncode == 2 and "unknown option 'size'" in wrong.stderr


def test_a_plug_in_that_cannot_count(plugin: PluginMaker) -> None:
    code = (
        "class D:\n    name = label = 'd'\n    summary = 'it'\n    license = task = unit = ''\n    classes = ()\n"
        "    splits = {}\n    options = {}\n\nDATASET = D()\n"
    )
    plugin("counts_not", code, "[edgebench.datasets]\nd = counts_not:DATASET\n")
    done = edgebench_here("data", "info", "d")
    assert done.returncode == 0 and rows(done.stdout)["is"] == ["it"]
    assert edgebench_here("data", "fetch", "d").returncode == 2
