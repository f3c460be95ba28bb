"""Tab offers the names that options take."""

from __future__ import annotations

import os
import subprocess
import sys
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


BASH = """
eval "$(_EDGEBENCH_COMPLETE=source_bash edgebench)"
COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 ))
_edgebench_completion edgebench
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Asks for completions as Tab does; bash itself has split the words at colons."""


def test_bash_replaces_what_stands_behind_the_colon() -> None:
    command = ["bash", "-c", BASH, "bash", "edgebench", "run", "--exporter"]
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def behind(*words: str) -> list[str]:
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True, env=path)
        return done.stdout.split()

    assert behind("onnx-int8", ":", "ent") == ["entropy"]
    assert {"minmax", "u8u8"} < set(behind("onnx-int8", ":"))
    assert "entropy,u8u8" in behind("onnx-int8", ":", "entropy,u8")
    assert behind("onnx-int8", ":", "entropy", "--prefer", "") == [] and behind("onnx-int8:ent") == [
        "onnx-int8:entropy"
    ]


def test_files_follow_where_no_name_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pi.toml").touch()
    assert offered("edgebench run --target pi.") == {"pi.toml"}
