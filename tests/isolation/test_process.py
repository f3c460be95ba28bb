from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest
from child_modules import ChildMaker, failure, gone

from edgebench.isolation.process import ChildError, ask


def test_answers_arrive_in_order_and_as_they_are_given(child: ChildMaker) -> None:
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


def test_a_child_without_answers(child: ChildMaker) -> None:
    assert list(ask(child("pass"), {}, 30)) == []


def test_the_environment_is_put_over_this_processs(child: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("CHANGED", "1")
    module = child("yield {name: os.environ.get(name) for name in ('KEPT', 'CHANGED')}")
    assert list(ask(module, {}, 30, {"CHANGED": "2"})) == [{"KEPT": "1", "CHANGED": "2"}]


def test_a_crash_is_told_by_its_last_line(child: ChildMaker) -> None:
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


def test_a_silent_exit_is_told_by_its_status(child: ChildMaker) -> None:
    assert str(failure(child("os._exit(7)"))) == "the process ended with status 7"


def test_a_module_that_does_not_exist() -> None:
    assert "No module named edgebench.nowhere" in str(failure("edgebench.nowhere"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SIGSEGV", "the process was ended by SIGSEGV"),
        ("SIGKILL", "the process was ended by SIGKILL (out of memory, or killed from outside)"),
        ("SIGABRT", "the process was ended by SIGABRT; it last said: terminate called"),
    ],
)
def test_a_signal_is_named(child: ChildMaker, name: str, text: str) -> None:
    said = "print('terminate called', file=sys.stderr, flush=True)\n" if name == "SIGABRT" else ""
    found = failure(child(f"{said}os.kill(os.getpid(), signal.{name})\ntime.sleep(60)"))
    assert str(found) == text and not found.timeout


def test_a_hang_ends_the_child_and_what_it_started(child: ChildMaker) -> None:
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


def test_the_timeout_is_for_each_answer_not_for_all(child: ChildMaker) -> None:
    module = child("""
        for i in range(4):
            time.sleep(1)
            yield {'i': i}
    """)
    assert len(list(ask(module, {}, 3))) == 4


def test_a_child_that_answered_but_does_not_end(child: ChildMaker) -> None:
    found = failure(child("from edgebench.isolation import child\nchild._answers[0].close()\ntime.sleep(120)"), 3)
    assert found.timeout


def test_what_a_library_leaves_running_keeps_no_child(child: ChildMaker) -> None:
    thread = "import threading\nthreading.Thread(target=time.sleep, args=(120,)).start()\nyield {'answer': 1}"
    assert list(ask(child(thread), {}, 60)) == [{"answer": 1}]


@pytest.mark.parametrize("ends", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_temporary_files_of_a_child_go_with_it(
    child: ChildMaker, ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


@pytest.mark.parametrize("watched", [True, False])
def test_the_end_of_a_child_is_waited_for(watched: bool, child: ChildMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    if not watched:  # as on a system or in a sandbox without that call
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert list(ask(child("yield {'answer': 1}"), {}, 30)) == [{"answer": 1}]
    silent = child("from edgebench.isolation import child\nchild._answers[0].close()\ntime.sleep(120)")
    began = time.monotonic()
    assert failure(silent, 2).timeout
    assert time.monotonic() - began < 30


def test_what_a_child_leaves_behind_is_ended_with_it(child: ChildMaker) -> None:
    """Also where the child itself ends well."""
    module = child("yield {'pid': subprocess.Popen(['sleep', '120'], stderr=subprocess.DEVNULL).pid}")
    (answer,) = ask(module, {}, 30)
    assert gone(answer["pid"])
