from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest
from helpers import PluginMaker

from edgebench.core.errors import DiskFull
from edgebench.isolation import process
from edgebench.isolation.process import ChildError, ask

Child = Callable[[str], str]
BEFORE = "import errno, os, signal, subprocess, sys, time\nfrom edgebench.core.errors import DiskFull\n"
AROUND = (
    "from edgebench.isolation.process import answer_with\n"
    "def handle(request):\n{body}\n    yield from ()\nanswer_with(handle)\n"
)
HANGS = "yield {'pid': os.getpid()}\ntime.sleep(120)"
PARENT = """
from edgebench.isolation.process import ask
for answer in ask('child_module', {}, 60):
    print(answer['pid'], flush=True)
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    """Write a real module whose handler is the given lines, and give its name."""

    def write(body: str) -> str:
        code = BEFORE + AROUND.format(body=textwrap.indent(textwrap.dedent(body), "    "))
        (tmp_path / "child_module.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        return "child_module"

    return write


def gone(pid: int, within_s: float = 10) -> bool:
    """Whether a process ends soon; one that is dead but not yet waited for has ended."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def failure(module: str, timeout_s: float = 30) -> ChildError:
    with pytest.raises(ChildError) as caught:
        list(ask(module, {}, timeout_s))
    assert "\n" not in str(caught.value)
    return caught.value


def test_answers_arrive_in_order_and_as_they_are_given(child: Child) -> None:
    module = child("""
        for i in range(request['count']):
            yield {'i': i, 'text': request['text'] * 1000}
        time.sleep(120)
    """)
    began = time.monotonic()
    answers = ask(module, {"count": 50, "text": "größer\u2028"}, 30)
    found = [next(answers) for _ in range(50)]
    assert found == [{"i": i, "text": "größer\u2028" * 1000} for i in range(50)]
    assert isinstance(answers, Generator)
    answers.close()
    assert time.monotonic() - began < 60


def test_a_child_without_answers(child: Child) -> None:
    assert list(ask(child("pass"), {}, 30)) == []


def test_the_environment_is_put_over_this_processs(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("CHANGED", "1")
    module = child("yield {name: os.environ.get(name) for name in ('KEPT', 'CHANGED')}")
    assert list(ask(module, {}, 30, {"CHANGED": "2"})) == [{"KEPT": "1", "CHANGED": "2"}]


def test_what_libraries_print_does_not_disturb(child: Child) -> None:
    module = child("""
        print('a library says hello', flush=True)
        os.write(1, b'{"not": "an answer"}\\n')
        subprocess.run(['echo', 'from a child of the child'])
        yield {'answer': 1}
        print('and goodbye')
        yield {'answer': 2}
    """)
    assert list(ask(module, {}, 30)) == [{"answer": 1}, {"answer": 2}]


def test_a_crash_is_told_by_its_last_line(child: Child) -> None:
    module = child("""
        yield {'answer': 1}
        print('loading', file=sys.stderr)
        raise RuntimeError('the model is broken')
    """)
    answers = ask(module, {}, 30)
    assert next(answers) == {"answer": 1}
    with pytest.raises(ChildError, match=r"^RuntimeError: the model is broken$") as caught:
        next(answers)
    assert not caught.value.timeout


def test_a_silent_exit_is_told_by_its_status(child: Child) -> None:
    assert str(failure(child("os._exit(7)"))) == "the process ended with status 7"


def test_a_module_that_does_not_exist() -> None:
    assert "No module named edgebench.nowhere" in str(failure("edgebench.nowhere"))


def test_what_is_not_json_is_a_crash(child: Child) -> None:
    assert str(failure(child("yield {'score': float('nan')}"))).startswith("ValueError: Out of range float")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SIGSEGV", "the process was ended by SIGSEGV"),
        ("SIGKILL", "the process was ended by SIGKILL (out of memory, or killed from outside)"),
        ("SIGABRT", "the process was ended by SIGABRT; it last said: terminate called"),
    ],
)
def test_a_signal_is_named(child: Child, name: str, text: str) -> None:
    said = "print('terminate called', file=sys.stderr, flush=True)\n" if name == "SIGABRT" else ""
    found = failure(child(f"{said}os.kill(os.getpid(), signal.{name})\ntime.sleep(60)"))
    assert str(found) == text and not found.timeout


def test_a_hang_ends_the_child_and_what_it_started(child: Child) -> None:
    module = child("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        yield {'pids': [os.getpid(), subprocess.Popen(['sleep', '120']).pid]}
        time.sleep(120)
    """)
    answers = ask(module, {}, 4)
    pids = next(answers)["pids"]
    assert all(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(ChildError, match=r"^no answer within 4 s$") as caught:
        next(answers)
    assert caught.value.timeout
    assert not psutil.pid_exists(pids[0])
    assert gone(pids[1])


def test_the_timeout_is_for_each_answer_not_for_all(child: Child) -> None:
    module = child("""
        for i in range(4):
            time.sleep(1)
            yield {'i': i}
    """)
    assert len(list(ask(module, {}, 3))) == 4


def test_a_child_that_answered_but_does_not_end(child: Child) -> None:
    found = failure(child("from edgebench.isolation import process\nprocess._answers[0].close()\ntime.sleep(120)"), 3)
    assert found.timeout


def test_what_a_library_leaves_running_keeps_no_child(child: Child) -> None:
    thread = "import threading\nthreading.Thread(target=time.sleep, args=(120,)).start()\nyield {'answer': 1}"
    assert list(ask(child(thread), {}, 60)) == [{"answer": 1}]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("raise DiskFull('no space left on /x: free some')", "no space left on /x: free some"),
        ("raise OSError(errno.ENOSPC, 'No space left on device', 'logits.npy')", "no space left for"),
    ],
)
def test_a_full_disk_is_passed_on(child: Child, code: str, text: str) -> None:
    with pytest.raises(DiskFull, match=text):
        list(ask(child(code), {}, 30))
    assert str(failure(child("raise OSError(errno.EACCES, 'No entry')"))).startswith("PermissionError")


@pytest.mark.parametrize("ends", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_temporary_files_of_a_child_go_with_it(
    child: Child, ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "tmp"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    module = child(f"""
        import tempfile
        yield {{'made': tempfile.mkstemp()[1]}}
        {ends}
    """)
    made = []
    with contextlib.suppress(ChildError):
        for answer in ask(module, {}, 30):
            made.append(Path(answer["made"]))
            assert home in made[0].parents
    assert made and list(home.iterdir()) == []


def test_leaving_early_ends_the_child(child: Child) -> None:
    answers = ask(child(HANGS), {}, 30)
    pid = next(answers)["pid"]
    assert isinstance(answers, Generator)
    answers.close()
    assert not psutil.pid_exists(pid)


def test_end_children_wakes_the_thread_that_waits(child: Child) -> None:
    said: list[object] = []
    started = threading.Event()

    def wait() -> None:
        try:
            for answer in ask(child(HANGS), {}, 60):
                said.append(answer)
                started.set()
        except ChildError as error:
            said.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert started.wait(30)
    process.end_children()
    thread.join(10)
    assert not thread.is_alive() and len(said) == 2 and "SIGKILL" in str(said[1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has gone")
def test_a_child_dies_with_its_parent(child: Child) -> None:
    child(HANGS)
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        try:
            assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
            parent.send_signal(signal.SIGKILL)
            parent.wait(10)
            assert gone(pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_parent_that_is_process_1_is_alive(child: Child) -> None:
    """As in a container whose only command is edgebench."""
    apart = ["unshare", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("a process of number 1 needs unshare and root")
    child("yield {'pid': os.getppid()}")
    done = subprocess.run([*apart, sys.executable, "-c", PARENT], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_signs_of_life_put_off_the_timeout(plugin: PluginMaker) -> None:
    code = (
        "import time\nfrom edgebench.isolation.process import answer_with, say\n"
        "def handle(request):\n    for i in range(4):\n        time.sleep(0.6)\n        say({'done': i})\n"
        "    yield {'status': 'ok'}\n"
        "if __name__ == '__main__':\n    answer_with(handle)\n"
    )
    plugin("slowly", code, "")
    answers = list(process.ask("slowly", {}, 1.5))
    assert answers == [{"done": i} for i in range(4)] + [{"status": "ok"}]


@pytest.mark.parametrize("watched", [True, False])
def test_the_end_of_a_child_is_waited_for(watched: bool, child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    if not watched:  # as on a system or in a sandbox without that call
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert list(ask(child("yield {'answer': 1}"), {}, 30)) == [{"answer": 1}]
    silent = child("from edgebench.isolation import process\nprocess._answers[0].close()\ntime.sleep(120)")
    began = time.monotonic()
    assert failure(silent, 2).timeout
    assert time.monotonic() - began < 30


def test_what_a_child_leaves_behind_is_ended_with_it(child: Child) -> None:
    """Also where the child itself ends well."""
    module = child("yield {'pid': subprocess.Popen(['sleep', '120'], stderr=subprocess.DEVNULL).pid}")
    (answer,) = ask(module, {}, 30)
    assert gone(answer["pid"])


def test_ctrl_c_is_the_parents_alone(child: Child) -> None:
    module = child("""
        os.kill(os.getpid(), signal.SIGINT)
        yield {'answer': 1}
    """)
    assert list(ask(module, {}, 30)) == [{"answer": 1}]


def test_a_block_that_fails_ends_the_children_of_its_threads(child: Child) -> None:
    module = child(HANGS)
    said: list[dict[str, object]] = []

    def wait() -> None:
        try:
            said.extend(ask(module, {}, 100))
        except ChildError as error:
            said.append({"error": str(error)})

    def interrupted() -> None:
        with process.waiting(2) as pool:
            for _ in range(6):
                pool.submit(wait)
            raise KeyboardInterrupt  # while the first two are starting

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 20 and not process._running
