"""Networks from the user's Python file: found, called as they are written, and run only where the user named them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import own_files
import pytest
import torch

from edgebench.core.errors import ModelError
from edgebench.core.files import sha256
from edgebench.models.external import own


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the user has named."""
    monkeypatch.setenv(own.TRUSTED, "")
    monkeypatch.setattr(sys, "path", sys.path[:])
    path = own_files.write(tmp_path)
    own.trust(f"{path}:build")
    return path


def test_it_takes_millivolts_with_the_leads_first(net: Path) -> None:
    """As its card says: standardised, and with the samples first inside."""
    architecture = own.source(f"{net}:build")
    assert architecture.name == f"{net}:build" and architecture.input.shape == (12, 1000)
    network = architecture.build(5).eval()
    inner = own_files.network(net)
    network.get_submodule("network").load_state_dict(inner.state_dict())
    signals = torch.from_numpy(np.random.default_rng(0).normal(0, 0.3, (2, 12, 1000)).astype(np.float32))
    with torch.inference_mode():
        expected = inner(((signals - 0.1) / 0.25).transpose(1, 2))
        assert torch.allclose(network(signals), expected, atol=1e-5)


def test_probabilities_become_logits(net: Path) -> None:
    card = own_files.CARD.replace("\nclasses", '\noutput = "probabilities"\nclasses')
    net.with_suffix(".toml").write_text(card)
    net.write_text(net.read_text() + "\ndef certain(classes):\n    return nn.Sequential(Net(classes), nn.Sigmoid())\n")
    network = own.source(f"{net}:certain").build(5).eval()
    inner = network.get_submodule("network.0")
    signals = torch.zeros(1, 12, 1000)
    with torch.inference_mode():
        logits = inner(((signals - 0.1) / 0.25).transpose(1, 2))
        assert torch.allclose(network(signals), logits, atol=1e-4)


def test_a_function_may_take_the_number_of_classes_or_nothing(net: Path) -> None:
    assert own.source(f"{net}:three").build(5).get_submodule("network.head").get_parameter("weight").shape == (3, 8)
    assert own.source(f"{net}:build").build(5).get_submodule("network.head").get_parameter("weight").shape == (5, 8)
    with pytest.raises(ModelError, match=r"net\.toml.*5.*4"):
        own.source(f"{net}:build").build(4)


def test_it_may_import_what_lies_beside_it(net: Path) -> None:
    (net.parent / "beside_the_net.py").write_text("WIDTH = 3\n")
    net.write_text(
        "from torch import nn\n"
        "def build(classes):\n    import beside_the_net\n    return nn.Linear(beside_the_net.WIDTH, classes)\n"
    )
    assert own.source(f"{net}:build").build(5).get_submodule("network").get_parameter("weight").shape == (5, 3)


def refused(spec: str, *said: str) -> None:
    with pytest.raises(ModelError) as error:
        own.source(spec).build(5)
    assert all(text in str(error.value) for text in said) and "\n" not in str(error.value)


def test_functions_that_give_no_network(net: Path) -> None:
    refused(f"{net}:absent", "net.py", "'absent'")
    refused(f"{net}:CODE_IS_NO_FUNCTION", "'CODE_IS_NO_FUNCTION'")
    refused(f"{net}:nothing", "net.py:nothing", "NoneType")
    refused(f"{net.parent / 'gone.py'}:build", "gone.py")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import a_package_that_nobody_has\n", "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("import sys\nsys.exit(0)\n", "SystemExit"),
        ("def build(\n", "SyntaxError"),
        ("def build():\n    raise ValueError('no such width')\n", "ValueError: no such width"),
        ("def build():\n    raise SystemExit(3)\n", "SystemExit: 3"),
        ("build = 3\n", "'build'"),
    ],
    ids=["an import", "an exit", "a syntax error", "an error", "an exit of the function", "no function"],
)
def test_code_that_breaks_is_one_line(net: Path, code: str, said: str) -> None:
    net.write_text(code)
    refused(f"{net}:build", str(net), said)


def test_code_that_nobody_named_is_not_run(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harm = net.parent / "harm"
    net.write_text(f"open({str(harm)!r}, 'w')\n" + net.read_text())
    monkeypatch.setenv(own.TRUSTED, str(net.parent / "another.py"))
    refused(f"{net}:build", str(net), own.TRUSTED)
    assert not harm.exists()
    own.trust(f"{net}:build")
    own.trust(f"{net}:build")
    assert os.environ[own.TRUSTED].split(os.pathsep) == [str(net.parent / "another.py"), str(net.resolve())]
    assert own.source(f"{net}:build").build(5)


def test_a_link_to_a_file_that_was_named_is_that_file(net: Path) -> None:
    (net.parent / "link.py").symlink_to(net)
    (net.parent / "link.toml").symlink_to(net.with_suffix(".toml"))
    assert own.source(f"{net.parent / 'link.py'}:build").build(5)


def test_names_of_other_architectures_stay(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net.parent)
    assert own.absolute("net.py:build") == f"{net.resolve()}:build"
    assert own.absolute("timm:resnet10t") == "timm:resnet10t" and own.hashes("resnet1d") == {}
    assert own.hashes("net.py:build") == {
        "source_sha256": sha256(net), "card_sha256": sha256(net.with_suffix(".toml")),
    }  # fmt: skip
