"""Tab offers the names that options take."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebench.cli.app import app
from edgebench.core import registry, target_profiles
from edgebench.models import store


def offered(words: str) -> set[str]:
    """What bash is given for a command whose last word is being typed."""
    environment = {
        "_EDGEBENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1),
    }  # fmt: skip
    return set(CliRunner().invoke(app, [], prog_name="edgebench", env=environment).stdout.split())


@pytest.mark.parametrize("command", ["run", "export"])
def test_names_are_offered(command: str) -> None:
    assert offered(f"edgebench {command} --exporter ") == set(registry.names("exporters"))
    assert offered(f"edgebench {command} --model ") == {*store.shipped(), "all"}
    assert offered(f"edgebench {command} --dataset de") == {n for n in registry.names("datasets") if n[:2] == "de"}


def test_only_what_begins_so_and_arguments_too() -> None:
    assert offered("edgebench run --target rasp") == {n for n in target_profiles.names() if n.startswith("rasp")}
    assert offered("edgebench list expo") == {"exporters"}
    assert "resnet1d" in offered("edgebench quantize res")
    assert "resnet1d" in offered("edgebench train res")
    for command in ("doctor", "recommend run"):
        assert offered(f"edgebench {command} --target rasp") == {"raspberry-pi-4", "raspberry-pi-5"}
    assert offered("edgebench recommend run --prefer b") == {"balanced"}
    assert "ptbxl" in offered("edgebench data fetch ")


def test_words_behind_a_colon() -> None:
    words = registry.exporter("onnx-int8").choices
    assert offered("edgebench run --exporter onnx-int8:") == {f"onnx-int8:{w}" for of in words.values() for w in of}
    after = offered("edgebench run --exporter onnx-int8:entropy,")
    assert "onnx-int8:entropy,u8u8" in after and "onnx-int8:entropy,minmax" not in after
    assert offered("edgebench export --exporter onnx-int8:ent") == {"onnx-int8:entropy"}
    assert not offered("edgebench run --exporter no-such:")


def test_files_follow_where_no_name_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pi.toml").touch()
    assert offered("edgebench run --target pi.") == {"pi.toml"}
