"""What tests share: a cache of their own, a small PTB-XL, a quickly made model, and artifacts built once."""

from __future__ import annotations

import gc
import inspect
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import compiled_files
import onnx_operators
import pytest
import ssh_server
import warm_children
from helpers import BLOCKER, BUILD_SIDE, EXPORTERS, PluginMaker, make_ptbxl
from hypothesis import settings
from shared_folders import made_once
from ssh_server import Server

from edgebench import api
from edgebench.artifacts.manifests import StoredArtifact, read
from edgebench.core import registry
from edgebench.core.datasets import DataRequest, RecordSet

if TYPE_CHECKING:
    from openvino_files import Made

# Tests run beside each other and beside whatever the machine does: threads that wait in a busy loop would crawl.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Inductor compiles and runs a program for each instruction set that the processor names, and keeps processes ready that
# have torch: half a minute for one small network.
os.environ.setdefault("TORCHINDUCTOR_VEC_ISA_OK", "1")
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
# Hundreds of children import EdgeBench, and many torch: compiling what nothing may keep takes each of them ten seconds.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", "") and "PYTHONPYCACHEPREFIX" not in os.environ:
    _compiled = tempfile.TemporaryDirectory(prefix="edgebench-compiled-")  # this process's; pytest-xdist's inherit it
    os.environ["PYTHONPYCACHEPREFIX"] = _compiled.name
    compiled_files.link(Path(_compiled.name))
# Torch, timm and the tests are millions of objects that stay; looking through them again and again takes minutes.
gc.set_threshold(100_000)


# The same examples each time, and no clock: the machine may be busy.
settings.register_profile("edgebench", deadline=None, max_examples=100, derandomize=True, database=None)
settings.load_profile("edgebench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first, so that with -n no process waits at the end for another one's.

    Tests that read damaged copies of real files are marked `fuzz`.
    """
    if "torch" in sys.modules:
        onnx_operators.keep()
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.name != "test_docs_run.py", item.path not in slow))
    texts = {path: path.read_text() for path in {item.path for item in items}}
    damaging = {path for path, text in texts.items() if "of_bytes(" in text or "of_json(" in text}
    for item in items:  # a function's own lines are looked for only where its file has such a call: they take seconds
        source = inspect.getsource(item.function) if item.path in damaging and isinstance(item, pytest.Function) else ""
        if "of_bytes(" in source or "of_json(" in source:
            item.add_marker("fuzz")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's cache."""
    before = os.environ.get("EDGEBENCH_CACHE")
    os.environ["EDGEBENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["EDGEBENCH_CACHE"]
    else:
        os.environ["EDGEBENCH_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def warm() -> Iterator[warm_children.Server]:
    """The process from which children that import torch start, except in tests that are marked `cold`."""
    server = warm_children.Server()
    stop = warm_children.start_from(server)
    yield server
    stop()
    server.stop()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """See `warm`."""
    warm_children.state["on"] = item.get_closest_marker("cold") is None


@pytest.fixture(scope="session")
def _made_ptbxl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ptbxl(tmp_path_factory.mktemp("made") / "ptbxl")


@pytest.fixture
def ptbxl(_made_ptbxl: Path, tmp_path: Path) -> Path:
    """A PTB-XL folder with 24 records of noise at 100 Hz, four of them in fold 10, one of these without a class."""
    return Path(shutil.copytree(_made_ptbxl, tmp_path / "ptbxl"))


@pytest.fixture(scope="session")
def ptbxl_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real PTB-XL; without it, the test is skipped. Its fold 10 is decoded once for all processes."""
    folder = os.environ.get("EDGEBENCH_PTBXL", "")
    if not folder:
        pytest.skip("EDGEBENCH_PTBXL does not name a folder of PTB-XL")

    def decode(cache: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EDGEBENCH_CACHE", str(cache))
            registry.dataset("ptbxl").load(DataRequest("test", Path(folder)))

    shutil.copytree(made_once(tmp_path_factory, "fold10", decode), os.environ["EDGEBENCH_CACHE"], dirs_exist_ok=True)
    return Path(folder)


@pytest.fixture(scope="session")
def demo() -> RecordSet:
    """The demo's test records."""
    return registry.dataset("demo").load(DataRequest("test"))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`resnet1d` through every exporter, calibrated on the demo set; a folder with one folder an exporter."""

    def make(folder: Path) -> None:
        with warm_children.allowed():
            outcomes = api.export(exporters=EXPORTERS, output=folder, calibration_records=64)
        assert {o.status for o in outcomes.values()} == {"ok"}, outcomes

    return made_once(tmp_path_factory, "exported", make) / "resnet1d" / "none"


@pytest.fixture(scope="session")
def artifact(exported: Path) -> StoredArtifact:
    """The fp32 ONNX artifact: quick to load, and needs no torch."""
    return read(exported / "onnx")


@pytest.fixture(scope="session")
def packed(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """fp32 and int8 of ONNX, the fp32 network, and 48 records."""

    def make(folder: Path) -> None:
        chosen = [exported / name for name in ("onnx", "onnx-int8", "eager")]
        api.bundle(chosen, folder / "ship.bundle", limit=48)

    return made_once(tmp_path_factory, "packed", make) / "ship.bundle"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small network compiled by AOTInductor for AVX2, which takes half a minute."""
    from openvino_files import make

    def save(folder: Path) -> None:
        (folder / "made.pickle").write_bytes(pickle.dumps(make("aotinductor:avx2", folder)))

    folder = made_once(tmp_path_factory, "compiled", save)
    return cast("Made", pickle.loads((folder / "made.pickle").read_bytes()))


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginMaker:
    """Install a third party's plug-in for this process and its children."""
    return PluginMaker(tmp_path / "site", monkeypatch)


@pytest.fixture
def light(tmp_path: Path) -> str:
    """A PYTHONPATH under which the build side's packages cannot be imported."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BLOCKER.format(names=BUILD_SIDE))
    return str(tmp_path / "site")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A real OpenSSH server on loopback."""
    with ssh_server.serving(tmp_path / "server") as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_registry(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test registers, which takes `monkeypatch`, the next one does not see."""
    yield
    if "monkeypatch" in request.fixturenames:  # else nothing is read again, which takes some milliseconds in each test
        registry._entry_points.cache_clear()
