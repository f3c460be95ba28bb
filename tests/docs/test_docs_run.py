"""The pages' examples are carried out, those of a sequence in one folder, with few records, samples and epochs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import doc_place
import doc_plugins
import pytest
import ssh_server
from doc_blocks import ROOT, Block
from doc_examples import sequence
from doc_place import PhysioNet, Place
from helpers import PluginMaker
from warm_children import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def physionet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhysioNet]:
    with doc_place.physionet(tmp_path_factory.mktemp("physionet") / "ptb-xl") as served:
        yield served


@pytest.fixture
def place(tmp_path: Path, physionet: PhysioNet, monkeypatch: pytest.MonkeyPatch, warm: Server) -> Place:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return doc_place.place(tmp_path, physionet.url, warm.socket())


def carry_out(steps: list[Block], place: Place) -> None:
    """Each step, also after one that failed; all that went wrong is shown."""
    wrong = [said for block in steps if (said := place.carry_out(block))]
    assert steps and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["first", "task", "use", "trained", "optimize"])
def test_examples_work(name: str, place: Place) -> None:
    if not any("edgebench gate" in block.text for block in sequence(name)):  # a quick run is no baseline
        place.environment["DOC_QUICK"] = "1"
    (place.folder / "RUN").symlink_to(ROOT / "results" / "reference" / "ptbxl-x86")
    (place.folder / "results" / "laptop").symlink_to(ROOT / "results" / "reference" / "ptbxl-x86")
    carry_out(sequence(name), place)


def test_examples_with_a_network_of_ones_own(place: Place, physionet: PhysioNet) -> None:
    (place.folder / "ptbxl").symlink_to(physionet.folder)
    place.environment["DOC_QUICK"] = "1"
    carry_out(sequence("own"), place)


def test_the_commands_that_set_everything_up(place: Place) -> None:
    doc_place.with_checkout(place)
    carry_out(sequence("commands"), place)


@pytest.mark.ptbxl
def test_examples_with_ptbxl_work(place: Place, ptbxl_all: Path) -> None:
    (place.folder / "ptbxl").symlink_to(ptbxl_all)
    carry_out(sequence("ptbxl"), place)


@pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
def test_examples_with_a_device(place: Place, physionet: PhysioNet, tmp_path: Path) -> None:
    """The device has what it is told to install already, so its own Python is taken as it is."""
    (place.folder / "ptbxl").symlink_to(physionet.folder)
    with ssh_server.serving(tmp_path / "server") as server:
        doc_place.with_device(place, server)
        place.added["pi.toml"] = f'ssh_python = "{sys.executable}"\nssh_packages = "as-is"\n'
        carry_out(sequence("pi"), place)


def test_examples_with_plugins(place: Place, physionet: PhysioNet, plugin: PluginMaker) -> None:
    (place.folder / "ptbxl").symlink_to(physionet.folder)
    doc_plugins.install(plugin)
    place.environment["DOC_QUICK"] = "1"
    carry_out(sequence("adding"), place)
