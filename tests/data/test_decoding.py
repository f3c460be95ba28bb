from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from small_datasets import write_image

from edgebench.core.errors import DataError, MissingPackage
from edgebench.data import decoding
from edgebench.data.decoding import Decoding, decode_all, image_size, require_package


def test_each_file_has_its_row_or_its_problem(tmp_path: Path) -> None:
    files = [write_image(tmp_path / f"{i}.png", value=i + 1) for i in range(40)]
    files[7].write_bytes(b"x")
    files[21].unlink()
    steps: list[tuple[int, int]] = []
    problems = decode_all(
        Decoding("image", (3, 10, 12)), files, tmp_path / "o.npy", progress=lambda a, b: steps.append((a, b))
    )
    rows = np.load(tmp_path / "o.npy")
    assert [i for i, problem in enumerate(problems) if problem] == [7, 21]
    assert all((rows[i, 0] == i + 1).all() for i in range(40) if not problems[i]) and not rows[7].any()
    assert steps == [(i, 40) for i in range(1, 41)]


def test_a_file_that_hangs_costs_itself_only(tmp_path: Path) -> None:
    files = [write_image(tmp_path / f"{i}.png", value=50) for i in range(4)]
    files[1].unlink()
    os.mkfifo(files[1])
    problems = decode_all(Decoding("image", (3, 10, 12), timeout_s=8), files, tmp_path / "o.npy")
    assert [bool(problem) for problem in problems] == [False, True, False, False]
    assert "1.png" in problems[1] and "8 s" in problems[1]
    assert (np.load(tmp_path / "o.npy")[2:, 0] == 50).all()


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    code = (
        "import sys; from pathlib import Path; from edgebench.data.decoding import Decoding, decode_all\n"
        "print('ready', flush=True); home = Path(sys.argv[1])\n"
        "decode_all(Decoding('image', (3, 8, 8)), [home / '1.png'] * 40, home / 'o.npy')"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # the tests may run in the background
    )  # fmt: skip
    assert running.stdout is not None and running.stdout.readline() == b"ready\n"
    children: list[psutil.Process] = []
    while not children:
        time.sleep(0.2)
        children = psutil.Process(running.pid).children(recursive=True)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = running.communicate(timeout=30)
    assert time.monotonic() - began < 10 and said.strip().endswith(b"KeyboardInterrupt")
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive and gone


def test_a_process_that_dies_over_and_over_ends_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write_image(tmp_path / f"{i}.png") for i in range(4)]
    monkeypatch.setattr(decoding, "WORKER", "edgebench.no_such_module")
    monkeypatch.setattr(decoding, "LOST", 2)
    with pytest.raises(DataError, match="over and over"):
        decode_all(Decoding("image", (3, 10, 12)), files, tmp_path / "o.npy")


def test_no_files(tmp_path: Path) -> None:
    assert decode_all(Decoding("image", (3, 10, 12)), [], tmp_path / "o.npy") == []
    assert np.load(tmp_path / "o.npy").shape == (0, 3, 10, 12)


def test_the_size_of_most_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    write_image(tmp_path / "b.png", size=(9, 9))
    usual = [write_image(tmp_path / f"{i}.png", size=(5, 7)) for i in range(2)]
    assert image_size([tmp_path / "a.png", tmp_path / "b.png"]) == (9, 9)
    assert image_size([tmp_path / "a.png", tmp_path / "b.png", *usual]) == (5, 7)
    with pytest.raises(DataError, match="neither is any other"):
        image_size([tmp_path / "a.png"])


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    require_package("video", "x")
    monkeypatch.setattr(decoding, "find_spec", lambda _: None)
    with pytest.raises(MissingPackage, match=r"edgebench\[video\]"):
        require_package("video", "decoding videos")
