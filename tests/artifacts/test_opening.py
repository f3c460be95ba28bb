"""A user's file is opened in a real child, which may hang, crash and fill its memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import onnx_files
import psutil
import pytest

from edgebench import api
from edgebench.artifacts import import_file, manifests, opening
from edgebench.core.errors import ArtifactError, ModelError
from edgebench.core.file_facts import Port
from edgebench.isolation import memory_limit
from edgebench.models import store
from edgebench.search.mixed_precision import Request, search

pytestmark = pytest.mark.cold
MODULE = "edgebench.artifacts.opener"
DOES = "import sys\nif {module!r} in sys.orig_argv:\n    {what}\n"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return onnx_files.write(tmp_path / "net.onnx", onnx_files.network())


def in_the_child(what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the child do this when it starts."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(DOES.format(module=MODULE, what=what))
    monkeypatch.setenv("PYTHONPATH", str(folder / "site"))


def test_what_the_file_says_and_only_once(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = opening.facts(net, "onnx")
    assert found.inputs == (Port("x", ("batch", 12, 1000), "tensor(float)"),)
    assert found.outputs == (Port("logits", ("batch", 5), "tensor(float)"),)
    artifact = import_file.describe(net, tuned=False)
    assert artifact.feed and not artifact.feed.single
    monkeypatch.setattr(opening, "ask", lambda *_: pytest.fail("it was opened again"))
    assert opening.facts(net, "onnx") == found


def test_a_changed_file_is_opened_again(net: Path) -> None:
    opening.facts(net, "onnx")
    net.write_bytes(b"junk")
    with pytest.raises(ArtifactError, match="not an ONNX file"):
        opening.facts(net, "onnx")


def test_layers_come_as_records(net: Path) -> None:
    (layer,) = opening.layers(net, "onnx")
    assert (layer.name, layer.shape, layer.bits, sum(layer.histogram)) == ("head", (5, 12), 32, 60)


def test_a_child_that_hangs_or_crashes_is_one_line(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_child("import time; time.sleep(600)", tmp_path, monkeypatch)
    monkeypatch.setattr(opening, "TIMEOUT_S", 1.0)
    with pytest.raises(ArtifactError, match=r"net.onnx: could not be opened within 1 s"):
        opening.facts(net, "onnx")
    (tmp_path / "site" / "sitecustomize.py").write_text(
        DOES.format(module=MODULE, what="import os; os.kill(os.getpid(), 11)")
    )
    monkeypatch.setattr(opening, "TIMEOUT_S", 60.0)
    with pytest.raises(ArtifactError, match=r"net.onnx: could not be opened: .*SIGSEGV"):
        opening.facts(net, "onnx")


def test_a_child_that_needs_too_much_memory_is_one_line(
    net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_limit, "SPARE_BYTES", 48 * 2**20)
    monkeypatch.setattr(memory_limit, "TIMES", 0)
    with pytest.raises(ArtifactError, match=r"net.onnx: "):
        opening.facts(net, "onnx")


@pytest.fixture
def model(tmp_path: Path) -> str:
    """The manifest of a user's model."""
    shipped = store.find("resnet1d")
    (tmp_path / "mine.json").write_bytes((store.SHIPPED / "resnet1d.json").read_bytes())
    (tmp_path / shipped.weights.name).write_bytes(shipped.weights.read_bytes())
    return str(tmp_path / "mine.json")


def test_a_users_model_is_opened_in_the_child(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening.network(model)
    in_the_child("import os; os.kill(os.getpid(), 11)", tmp_path, monkeypatch)
    opening.network("resnet1d")  # ours is not opened
    for use in (
        lambda: api.train("resnet1d", "demo", recipe={"start": model}, output=tmp_path / "out"),
        lambda: api.train("resnet1d", "demo", recipe={"teacher": model}, output=tmp_path / "out"),
        lambda: search(Request(model, "fbgemm-int8", 0.1, "demo"), tmp_path / "out"),
    ):
        with pytest.raises(ModelError, match=r"resnet1d.safetensors: could not be opened: .*SIGSEGV"):
            use()
    assert not (tmp_path / "out").exists()


def test_the_child_is_limited(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is in force before the file is opened."""
    from edgebench.artifacts import opener

    seen: list[int] = []

    @contextlib.contextmanager
    def bounded(limit: int) -> Iterator[None]:
        seen.append(limit)
        yield

    monkeypatch.setattr(memory_limit, "bounded", bounded)
    request = {"path": str(net), "format": "onnx", "what": "interface", "limit_bytes": 12345}
    assert "facts" in next(opener._handle(request))
    assert seen == [12345]


def test_ctrl_c_answers_at_once_and_ends_the_child(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_child("import time; time.sleep(600)", tmp_path, monkeypatch)
    command = subprocess.Popen(
        [sys.executable, "-m", "edgebench", "inspect", str(net)], stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # the tests may run in the background
    )  # fmt: skip
    own, end = psutil.Process(command.pid), time.monotonic() + 60
    children: list[psutil.Process] = []
    while not children and time.monotonic() < end:
        children = [c for c in own.children(recursive=True) if MODULE in c.cmdline()]
        time.sleep(0.05)
    assert children, "the file is being opened"
    command.send_signal(signal.SIGINT)
    started = time.monotonic()
    assert command.wait(20) == 130
    assert time.monotonic() - started < 10, "two seconds on a machine that is not busy"
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(onnx_files.CARD)
    for name in ("pipe.onnx", "loop.onnx", "folder.onnx"):
        (tmp_path / name).with_suffix(".toml").write_text(onnx_files.CARD)
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "loop.onnx").symlink_to("loop.onnx")
    (tmp_path / "folder.onnx").mkdir()
    for name in ("pipe.onnx", "loop.onnx", "folder.onnx"):
        with pytest.raises(ArtifactError, match=name):
            manifests.read(tmp_path / name)
