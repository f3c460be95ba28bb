"""Groups with a limit of memory: in the kernel's own tree where it lets us, and in one of files that is made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import PluginMaker

from edgebench import diagnosis
from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.files import sha256
from edgebench.data.signals import ECG
from edgebench.isolation import cgroup
from edgebench.isolation.cgroup import NoCgroup
from edgebench.isolation.jobs import run_job

EATS = "import sys; held = bytearray(int(sys.argv[1])); print('held', len(held))"
PLUGIN = """
import os, signal, time
from pathlib import Path
from typing import Any
class Runtime:
    format = "doomed"
    def unavailable(self, device, engine): return ""
    def start(self, threads, engine): pass
    def load(self, path, artifact, device):
        group = next(Path(os.environ["TREE"]).glob("user/edgebench-*"))
        assert (group / "cgroup.procs").read_text() == "0\\n", "it was not started in the group"
        assert "MALLOC_ARENA_MAX" not in os.environ, "that is for a bound of the address space"
        (group / "memory.events").write_text("low 0\\nmax 7\\noom_kill " + path.read_text())
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
RUNTIME = Runtime()
"""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cgroup.home.cache_clear()
    yield
    cgroup.home.cache_clear()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files as of a session of systemd's: this process in user/app, and memory handed down to the children of user.

    Plain files: whoever writes them makes them, and a folder of them is not removed by rmdir.
    """
    mount = tmp_path / "tree"
    (mount / "user" / "app").mkdir(parents=True)
    for folder, handed in ((mount, "cpu memory pids"), (mount / "user", "memory pids"), (mount / "user" / "app", "")):
        (folder / "cgroup.controllers").write_text("cpu memory pids\n")
        (folder / "cgroup.subtree_control").write_text(handed + "\n")
    (tmp_path / "mounts").write_text(f"proc /proc proc rw 0 0\ncgroup2 {mount} cgroup2 rw,nosuid 0 0\n")
    (tmp_path / "own").write_text("1:name=systemd:/elsewhere\n0::/user/app\n")
    monkeypatch.setattr(cgroup, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "own")
    monkeypatch.setattr(Path, "rmdir", lambda folder: shutil.rmtree(folder))
    return mount


def test_a_group_is_made_beside_this_process(tree: Path) -> None:
    assert cgroup.home() == tree / "user"
    with cgroup.limited(200_000_000) as group:
        assert group.folder.parent == tree / "user"
        assert (group.folder / "memory.max").read_text() == "200000000"
        assert not (group.folder / "memory.swap.max").exists()  # a kernel that does not count swap has no such file
        assert not group.killed()
        (group.folder / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n")
        assert group.killed()
    assert not group.folder.exists()
    assert (tree / "user" / "cgroup.subtree_control").read_text() == "memory pids\n"  # what others have stays as it is


def test_swap_is_no_way_out(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Path.mkdir

    def as_the_kernel_does(folder: Path) -> None:
        usual(folder)
        (folder / "memory.swap.max").write_text("max\n")

    monkeypatch.setattr(Path, "mkdir", as_the_kernel_does)
    with cgroup.limited(1) as group:
        assert (group.folder / "memory.swap.max").read_text() == "0"


def test_why_there_is_no_group(tree: Path, tmp_path: Path) -> None:
    def why() -> str:
        cgroup.home.cache_clear()
        return cgroup.unavailable()

    (tree / "user" / "cgroup.subtree_control").write_text("pids\n")
    (tree / "cgroup.subtree_control").write_text("pids\n")
    assert why() == "no group above this process lets it make one with the memory controller"
    (tree / "cgroup.controllers").write_text("hugetlb\n")
    assert why() == "cgroup v2 has no memory controller here"
    (tmp_path / "own").write_text("4:memory:/x\n")
    assert why() == "this process is in no group of cgroup v2"
    (tmp_path / "mounts").write_text("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n")
    assert why() == "no cgroup v2 is mounted"


def test_a_group_that_nobody_may_move_into(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "ENTER", 'echo 0 > "$0/not/there" && exec "$@"')
    assert cgroup.unavailable() == f"{tree / 'user'}: this process may not move another into a group of it"
    assert [p.name for p in (tree / "user").iterdir() if p.is_dir()] == ["app"]


def doomed(killed_by_the_kernel: int, demo: RecordSet, folder: Path) -> Outcome[Any]:
    file = folder / "file"
    file.write_text(str(killed_by_the_kernel))
    artifact = Artifact(
        "m", "none", "doomed", "doomed", "fp32", "file", sha256(file), 1, (), (), ECG, None, None,
        "", task="",
    )  # fmt: skip
    job = Job("memory", artifact, str(file), "cpu", 1, "", demo.input, "unused", memory_limit_bytes=300_000_000)
    return run_job(job, 60)


def test_a_worker_that_the_kernel_ended_did_not_fit(
    tree: Path, plugin: PluginMaker, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREE", str(tree))
    plugin("doomed_runtime", PLUGIN, "[edgebench.runtimes]\ndoomed = doomed_runtime:RUNTIME\n")
    found = doomed(1, demo, tmp_path)
    assert found.status == "unsupported"
    assert found.reason == (
        "does not fit into the target's 300 MB of memory: out of memory: the kernel ended it at the limit of its cgroup"
    )
    # Somebody else's SIGKILL says nothing about memory.
    other = doomed(0, demo, tmp_path)
    assert (other.status, other.reason[:35]) == ("failed", "the process was ended by SIGKILL (o")


def test_doctor_says_what_bounds_the_memory(tree: Path) -> None:
    def said() -> str:
        cgroup.home.cache_clear()
        return next(f.detail for f in diagnosis.doctor().sensors if f.subject == "memory limit")

    assert said() == "by cgroup v2 (memory.max)"
    (tree / "cgroup.controllers").write_text("\n")
    assert said() == "by address space alone (RLIMIT_AS): cgroup v2 has no memory controller here"


def test_a_process_enters_a_group_of_the_kernels_tree_and_the_group_goes() -> None:
    """With any controllers, or none: what is shown is moving into a group and taking it away."""
    try:
        mount = cgroup._mount()
    except NoCgroup as none:
        pytest.skip(str(none))
    if not os.access(mount, os.W_OK):
        pytest.skip(f"{mount} belongs to somebody else")
    with cgroup._new(mount) as group:
        ends = subprocess.run([*group.prefix, "cat", "/proc/self/cgroup"], capture_output=True, text=True, check=True)
        assert f"0::/{group.folder.name}\n" in ends.stdout
        stays = subprocess.Popen([*group.prefix, "sleep", "60"])
        while not (group.folder / "cgroup.procs").read_text():
            pass
    assert stays.wait(10) < 0  # what still ran in it was ended
    assert not group.folder.exists()


def test_the_kernel_holds_the_limit() -> None:
    if why := cgroup.unavailable():
        pytest.skip(why)
    with cgroup.limited(64 * 2**20) as group:
        run = [*group.prefix, sys.executable, "-c", EATS]
        assert subprocess.run([*run, str(2**20)], capture_output=True, text=True).stdout == f"held {2**20}\n"
        assert not group.killed()
        assert subprocess.run([*run, str(256 * 2**20)], capture_output=True).returncode < 0
        assert group.killed()
