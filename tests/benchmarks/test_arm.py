"""What root.sh refuses, each in one line; building a system takes minutes and root, and is no test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks/arm"


def root_sh(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", SCRIPTS / "root.sh", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_bash(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("start", "is not built: root.sh build"), ("check", "nothing runs in"), ("polish", "unknown: polish"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(tmp_path: Path, command: str, said: str) -> None:
    done = root_sh(command, tmp_path / "nowhere")
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()


def test_stopping_what_does_not_run_is_no_fault(tmp_path: Path) -> None:
    done = root_sh("stop", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing runs in" in done.stderr


def test_without_words_it_says_how_it_is_used() -> None:
    done = root_sh()
    assert done.returncode == 2
    for word in ("build DIR", "start DIR", "check DIR", "stop DIR"):
        assert word in done.stderr


def test_packages_of_the_root_are_pinned_and_torch_has_no_cuda_packages() -> None:
    lines = [line for line in (SCRIPTS / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    versions = dict(line.split("==") for line in lines)
    assert len(versions) == len(lines)
    assert versions["torch"] == "2.10.0"
    assert {"numpy", "psutil", "onnxruntime"} <= set(versions)
