"""Where the weights of shipped models are found, and what is said where they are not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from edgebench.core.errors import ModelError
from edgebench.diagnosis import plugins
from edgebench.models import shipped_weights, store
from edgebench.models.catalog import model_facts

LARGE = "inceptiontime"
"""The smallest of those that are not in the package."""


@pytest.fixture
def no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state of an installed edgebench alone; returns a folder that Python imports from."""
    monkeypatch.setattr(shipped_weights, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def installed(folder: Path, content: bytes | None = None) -> Path:
    """edgebench-weights as installed into the folder; `content` replaces that of its file."""
    package = folder / shipped_weights.PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    file = package / f"{LARGE}.safetensors"
    if content is None:
        shutil.copy(Path(__file__).parents[2] / "weights" / shipped_weights.PACKAGE / file.name, file)
    else:
        file.write_bytes(content)
    return file


def test_a_checkout_has_them_all() -> None:
    found = {name: store.find(name).weights.parent for name in store.shipped()}
    assert set(found.values()) == {store.SHIPPED, shipped_weights.CHECKOUT}
    in_the_package = {name for name, folder in found.items() if folder == store.SHIPPED}
    small = {"resnet1d", "resnet8", "resnet20", "resnet8-demo-images", "resnet8-demo-echo"}
    assert in_the_package == small & set(found)


def test_installed_weights_are_found(no_checkout: Path) -> None:
    file = installed(no_checkout)
    assert store.find(LARGE).weights == file


def test_the_checkout_comes_before_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    installed(tmp_path, b"of another version")
    assert store.find(LARGE).weights.parent == shipped_weights.CHECKOUT


@pytest.mark.usefixtures("no_checkout")
def test_without_them_one_line_says_what_to_install() -> None:
    for name in (LARGE, str(store.SHIPPED / f"{LARGE}.json")):
        with pytest.raises(ModelError, match=shipped_weights.DISTRIBUTION) as caught:
            store.find(name)
        assert "\n" not in str(caught.value)
    assert store.find("resnet1d")
    assert store.described(LARGE).name == LARGE


def test_those_of_another_version_are_refused(no_checkout: Path) -> None:
    installed(no_checkout, b"of another version")
    with pytest.raises(ModelError, match=f"SHA-256 .*{shipped_weights.DISTRIBUTION}"):
        store.find(LARGE)


@pytest.mark.usefixtures("no_checkout")
def test_the_catalog_lists_models_whose_weights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgebench.core.registry.names", lambda kind: [])
    monkeypatch.setattr(store, "shipped", lambda: ["resnet1d", LARGE])
    default, large = model_facts()
    assert default.size_bytes
    assert large.shipped and large.size_bytes is None and large.scores and large.macs and not large.problem


@pytest.mark.usefixtures("no_checkout")
def test_the_list_of_plugins_needs_no_weights() -> None:
    assert plugins("models")["models"][LARGE].startswith("trained")
