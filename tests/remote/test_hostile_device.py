"""A device that answers with anything: its cells fail with the reason, in time, and nothing else is touched."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import ssh_server
from bundle_makers import contents
from hostile import device
from ssh_server import Server

from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import RemoteError
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.target_profiles import Fit
from edgebench.isolation import streams
from edgebench.pipeline import remote_stage
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Built, Planned
from edgebench.remote import link as links
from edgebench.remote import messages, session, transfer
from edgebench.remote.link import Link
from edgebench.remote.openssh import ConnectionLost

pytestmark = pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
PLAN = Plan.of({"threads": 1, "measuring": {"processes": 2}})
RESULTS = """
def results(self, python, arguments):
    run = self._work / "run"
    for name, content in FILES.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return {"status": 0, "last": ""}
Agent._do_measure = results
"""
ENVIRONMENT = '{"architecture": "aarch64", "cpu": "a board", "cores": 4}'
JOURNAL = '{"job": "latency~net~none~onnx~board~0", "status": "ok", "result": {"load_s": 1, "first_inference_s": 1, "samples": 2}}\n'  # noqa: E501
ROW = '{"run": "run", "cell": {"model": "net", "variant": "none", "exporter": "onnx", "target": "board"}, "status": "ok", "host": "b"}\n'  # noqa: E501


class Silent(ProgressReporter):
    pass


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PAUSES_S", ())


def npy(*values: float) -> bytes:
    target = io.BytesIO()
    np.save(target, np.array(values))
    return target.getvalue()


def measured(target: Target, folder: Path) -> tuple[dict[str, Measurement], str]:
    """One cell of this device, as a run measures it."""
    made = contents(folder / "made")
    ((artifact, file),) = made.artifacts
    cell = Planned(Cell("net", "none", "onnx", target.name), target, Fit(), Built(Outcome("ok", result=artifact), file))
    records = made.records
    assert isinstance(records, RecordSet)
    (folder / "run" / "samples").mkdir(parents=True, exist_ok=True)
    return remote_stage.measured([cell], PLAN, records, {}, folder / "run", Silent())


def left_over(server: Server) -> list[str]:
    """Programs of this test's ssh that still run here."""
    mine = [p for p in psutil.process_iter(["cmdline"]) if str(server.config) in (p.info["cmdline"] or [])]
    return [" ".join(p.info["cmdline"]) for p in mine if p.status() != psutil.STATUS_ZOMBIE]


SAID = (
    "b'42'", "b'[]'", "b'null'", "b'{}'", "b'[' * 200_000", "b'{\"a\": 1}'", "bytes(range(128, 256))", "b'1' * 5000",
    "b'{\"event\": \"note\", \"text\": 5}'",
)  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_what_a_login_prints_is_skipped(said: str, server: Server) -> None:
    greeting = f"sys.stdout.buffer.write(({said} + b'\\n') * 3); sys.stdout.flush()"
    with Link(device(server, greeting=greeting), "s") as link:
        assert link.home.endswith(".edgebench")
    assert not left_over(server)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("Agent._do_missing = lambda self, files: {'missing': ['../../etc/passwd'], 'begun': []}", "etc/passwd"),
        ("Agent._do_missing = lambda self, files: {'missing': 5, 'begun': []}", "missing"),
        ("Agent._do_missing = lambda self, files: {}", "missing"),
        ("Agent._do_store = lambda self, hashes: {'damaged': {}}", "damaged"),
        ("Agent._do_prepare = lambda self, packages, requirements: {'python': 'x'}", "failed"),
        ("Agent._do_prepare = lambda self, packages, requirements: {'python': 'x', 'failed': {'evil': 'x'}}", "evil"),
        ("Agent._do_prepare = lambda self, packages, requirements: {'error': 'x' * 10**6 + '\\x1b\\n'}", "xxx"),
        ("Agent._do_measure = lambda self, python, arguments: {'status': 'abc', 'last': ''}", "status"),
        ("Agent._do_measure = lambda self, python, arguments: {'status': 3, 'last': 'a\\x1b[31m\\nb'}", "b"),
        ("Agent._do_unpack = lambda self, names, wheels: 1 / 0", "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_is_the_reason(changes: str, words: str, server: Server, tmp_path: Path) -> None:
    rows, reason = measured(device(server, changes), tmp_path)
    assert not rows and words in reason and reason.isprintable() and len(reason) < 800
    assert not left_over(server)


def test_progress_that_is_none_is_skipped(server: Server, tmp_path: Path) -> None:
    changes = (
        "FILES = {}\n" + RESULTS + "before = Agent._do_unpack\ndef unpack(self, **given):\n"
        "    stage = {'event': 'stage'}\n"
        "    for one in (stage | {'total': 'abc'}, {'event': 5}, [1], stage | {'total': 10**400}, 42):\n"
        "        self._write(json.dumps(one) + '\\n')\n    return before(self, **given)\nAgent._do_unpack = unpack\n"
    )
    rows, reason = measured(device(server, changes), tmp_path)
    assert not rows and "plan.json" in reason


def files(**more: str | bytes) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {
        "plan.json": '{"plan": {}, "inputs": {}}', "environment.json": ENVIRONMENT, "journal.jsonl": JOURNAL,
        "measurements.jsonl": ROW, "samples/net~none~onnx~board~0.npy": npy(0.001, 0.002),
    }  # fmt: skip
    return found | {name.replace("__", "."): content for name, content in more.items()}


def test_only_its_own_cells_files_come_here(server: Server, tmp_path: Path) -> None:
    found = files() | {
        "samples/net~none~onnx~host~0.npy": npy(9.0), "samples/evil.sh": "touch x", "evil": "x",
        "samples/net~none~onnx~board~7.npy": npy(1.0),
    }  # fmt: skip
    mine = tmp_path / "run" / "samples" / "net~none~onnx~host~0.npy"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(npy(0.5))
    rows, _ = measured(device(server, f"FILES = {found!r}\n{RESULTS}"), tmp_path)
    assert [m.status for m in rows.values()] == ["ok"]
    assert mine.read_bytes() == npy(0.5)
    there = {p.relative_to(tmp_path / "run").as_posix() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    own = "samples/net~none~onnx~board~0.npy"
    kept = ("plan.json", "environment.json", "journal.jsonl", "measurements.jsonl", own)
    assert there == {"samples/net~none~onnx~host~0.npy", own, *(f"devices/board/{name}" for name in kept)}


def test_a_link_there_is_not_followed_into_this_machine(server: Server, tmp_path: Path) -> None:
    more = "path = run / 'samples' / 'net~none~onnx~board~0.npy'; path.unlink(); os.symlink('/etc/passwd', path)"
    results = RESULTS.replace("    return", f"    {more}\n    return")
    rows, _ = measured(device(server, f"FILES = {files()!r}\n{results}"), tmp_path)
    assert len(rows) == 1 and not list((tmp_path / "run" / "samples").iterdir())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"measurements__jsonl": '{"cell": \n5\n'}, "measurements.jsonl:1"),
        ({"measurements__jsonl": ROW.replace('"board"', '"host"')}, "no row"),
        ({"measurements__jsonl": b"\xff" * 9999}, ""),
        ({"environment__json": "[" * 200_000}, "environment"),
        ({"journal__jsonl": '{"job":5.5,"status":"ok"}\n'}, "journal.jsonl:1"),
        ({"plan__json": "{}"}, "plan.json"),
    ],
)  # fmt: skip
def test_damaged_results_are_failed_rows_of_that_target(
    changed: dict[str, str | bytes], words: str, server: Server, tmp_path: Path
) -> None:
    rows, reason = measured(device(server, f"FILES = {files(**changed)!r}\n{RESULTS}"), tmp_path)
    assert not rows and words in reason and "board" in reason and "\n" not in reason


def test_a_file_of_any_size_is_not_taken(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "FILE_BYTES", 1 << 20)
    large = "FILES = " + repr(files()) + "\nFILES['measurements.jsonl'] = b'x' * (8 << 20)\n" + RESULTS
    rows, reason = measured(device(server, large), tmp_path)
    assert not rows and "file of over 1 MB" in reason
    assert not (tmp_path / "run" / "devices" / "board").exists()


ENDLESS = {
    "a line": "sys.stdout.buffer.write(b'x' * 65536)",
    "bytes now and then": "sys.stdout.write('x'); sys.stdout.flush(); time.sleep(0.05)",
    "keep-alives": "print('{}', flush=True); time.sleep(0.01)",
    "lines": "print('noise' * 100)",
    "errors": "os.write(2, b'x' * 65536)",
    "nothing": "time.sleep(1)",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_has_no_end_is_ended(what: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOG_BYTES", 4 << 20)
    monkeypatch.setattr(messages, "MOST_BYTES", 8 << 20)
    monkeypatch.setattr(links, "CLOSE_S", 0.5)
    began = time.monotonic()
    silent = "sleep" in ENDLESS[what]  # what floods is ended by its size
    # What says nothing does not notice that nobody listens: it ends with the login that started it.
    greeting = f"login = os.getppid()\nwhile os.getppid() == login: {ENDLESS[what]}\nsys.exit()"
    endless = device(server, greeting=greeting, ssh_timeout_s=2.0 if silent else 30.0)
    with pytest.raises((RemoteError, ConnectionLost)), Link(endless, "s"):
        pass
    assert time.monotonic() - began < 40
    assert not left_over(server)


def test_a_request_that_is_never_answered_ends(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although keep-alives come all the time."""
    changes = "Agent._do_unpack = lambda self, **given: time.sleep(600)\nspace['LIFE_S'] = 0.1"
    hung = device(server, changes, ssh_timeout_s=5.0)
    monkeypatch.setattr(links.Link.ask, "__defaults__", (2.0, lambda _: None))
    rows, reason = measured(hung, tmp_path)
    assert not rows and "no answer to unpack" in reason and not left_over(server)


def test_a_home_with_a_command_in_it_runs_nothing_here(server: Server, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    evil = device(server, (
        "before = Agent._do_hello\ndef hello(self, **given):\n    found = before(self, **given)\n"
        f"    return found | {{'home': '/x\"\\n!touch {mark}\\n'}}\nAgent._do_hello = hello\n"
    ))  # fmt: skip
    with pytest.raises(RemoteError, match="home"):
        session.check(evil, tmp_path)
    assert not mark.exists()
