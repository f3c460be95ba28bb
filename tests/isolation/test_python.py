"""Nothing of the working directory is imported, and Python is started in one way only."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import ssh_server
from helpers import edgebench
from planted import plant, ran
from ssh_server import Server

from edgebench.isolation import python
from edgebench.isolation.process import start_tied

ROOT = Path(__file__).parents[2]
BRIEF = ("--limit", "8", "--processes", "1", "--min-samples", "5", "--min-seconds", "0", "--threads", "1")
SMALL = ("--model", "resnet8-demo-images", "--dataset", "demo-images", "--target", "host")
SHOW = "import sys; print(*sys.path, sep='\\n')"


def console(here: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command `edgebench`, in a folder, as pip installs it."""
    return subprocess.run(
        [Path(sys.executable).with_name("edgebench"), *arguments], cwd=here, capture_output=True, text=True,
        env={**os.environ, "COLUMNS": "120", **environment}, timeout=600,
    )  # fmt: skip


def test_one_place_starts_python() -> None:
    """A process is started with `python.command`; other places start programs that are not Python."""
    allowed = {"isolation/python.py", "remote/agent.py", "measuring/emulation.py"}  # emulation only reads the file
    allowed |= {"isolation/fork_client.py"}  # which imports nothing of EdgeBench
    homes = {ROOT / "edgebench": "", ROOT / "exporters": "exporters/"}
    found = set()
    for home, prefix in homes.items():
        for path in home.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                named = isinstance(node, ast.Attribute) and node.attr in ("executable", "_base_executable")
                first = node.elts[0] if isinstance(node, ast.List | ast.Tuple) and node.elts else None
                word = isinstance(first, ast.Constant) and first.value in ("python", "python3", "pip")
                call = isinstance(node, ast.Attribute) and node.attr in ("multiprocessing", "ProcessPoolExecutor")
                if named or word or call:
                    found.add(prefix + path.relative_to(home).as_posix())
    assert found == allowed
    text = (ROOT / "edgebench" / "remote" / "agent.py").read_text()
    assert text.count('"-m"') == text.count('"-P", "-m"') == 3


def path_of(environment: dict[str, str], *words: str, cwd: Path) -> list[str]:
    done = subprocess.run([*words, SHOW], env=environment, cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("given", [None, "", os.pathsep, f"{os.pathsep}/x", f"/x{os.pathsep}"])
def test_a_child_does_not_look_there(given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if given is not None:
        monkeypatch.setenv("PYTHONPATH", given)
    assert not {"", str(tmp_path)} & set(path_of(python.variables(), *python.command("-c"), cwd=tmp_path))
    # Nor do its own children, whoever starts them.
    assert not {"", str(tmp_path)} & set(path_of(python.variables(), sys.executable, "-c", cwd=tmp_path))


def test_a_folder_that_the_user_names_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (".", str(tmp_path)):
        monkeypatch.setenv("PYTHONPATH", given)
        assert str(tmp_path) in path_of(python.variables(), *python.command("-c"), cwd=tmp_path)


def test_a_foreign_program_is_started_in_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, "ctypes", "os")
    monkeypatch.chdir(tmp_path)
    child = start_tied(["echo", "hello"], subprocess.DEVNULL, subprocess.PIPE)
    assert child.communicate()[0] == b"hello\n" and not ran(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has gone")
def test_a_foreign_program_dies_with_this_process() -> None:
    code = (
        "import subprocess\nfrom edgebench.isolation.process import start_tied\n"
        "print(start_tied(['sleep', '120'], subprocess.DEVNULL, subprocess.DEVNULL).pid, flush=True)\n"
        "import time\ntime.sleep(100)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        end = time.monotonic() + 20
        while psutil.Process(pid).name() != "sleep":
            assert time.monotonic() < end
            time.sleep(0.01)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        end = time.monotonic() + 20
        while psutil.pid_exists(pid):
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.mark.parametrize("path", [{}, {"PYTHONPATH": f"{os.pathsep}/x"}])
def test_short_commands(path: dict[str, str], tmp_path: Path) -> None:
    """Also with an empty part in PYTHONPATH, where Python itself imports from there before anything of EdgeBench."""
    empty = bool(path)
    here = plant(tmp_path / "here") if not empty else tmp_path
    if empty:
        for name in ("torch", "onnxruntime", "typer", "psutil", "msgspec"):
            (tmp_path / f"{name}.py").write_text((plant(tmp_path / "x") / "json.py").read_text())
    done = console(here, "list", "exporters", **path)
    assert done.returncode == 0, done.stderr
    done = edgebench("list", "exporters", cwd=here, **path)
    assert done.returncode == 0, done.stderr
    assert not ran(here)


@pytest.mark.slow
def test_nothing_of_the_working_directory_runs(exported: Path, tmp_path: Path) -> None:
    here = plant(tmp_path / "here", "edgebench")
    out = tmp_path / "out"
    for arguments in (
        ("doctor",),
        ("inspect", exported / "onnx"),
        ("run", "--quick", *SMALL, "--exporter", "onnx", "--exporter", "fbgemm-int8", "-o", out / "run", *BRIEF),
        ("report", out / "run", "--format", "csv"),
        ("bundle", exported / "onnx", "-o", out / "x.bundle", "--limit", "8"),
        ("measure", out / "x.bundle", "-o", out / "measured", *BRIEF[2:]),
    ):
        done = console(here, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert not ran(here), arguments
    (here / "edgebench.py").unlink()  # `python -m edgebench` would run this one: it is what was asked for
    done = edgebench("measure", exported / "onnx", "-o", out / "module", *BRIEF, cwd=here)
    assert done.returncode == 0 and not ran(here), done.stderr


@pytest.mark.slow
@pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
@pytest.mark.parametrize("packages", ["as-is", "system"])
def test_nor_on_a_device(packages: str, server: Server, exported: Path, tmp_path: Path) -> None:
    plant(server.home, "edgebench", "fcntl", "queue", "threading", "venv", "ensurepip")
    there = server.folder / "python"  # sshd begins in the real home, which is not the test's
    there.write_text(f'#!/bin/sh\ncd "$HOME" && exec {sys.executable} "$@"\n')
    there.chmod(0o755)
    board = server.target(ssh_python=str(there), ssh_packages=packages)
    here = plant(tmp_path / "here", "edgebench")
    done = console(here, "run", "--artifact", exported / "onnx", "--target", board, "-o", tmp_path / "run", *BRIEF)
    assert not ran(here) and not ran(server.home)
    if packages == "as-is":
        assert done.returncode == 0, done.stdout + done.stderr
