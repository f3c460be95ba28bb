"""What the house asks of formats, answered by runtimes that say little, or are not there."""

from __future__ import annotations

from pathlib import Path

import own_format
import pytest
from bundle_makers import contents
from helpers import PluginMaker

from edgebench.core import formats
from edgebench.core.errors import ArtifactError

LITTLE = '''
"""A runtime that says no more than it must."""


class Little:
    format = "little"


RUNTIME = Little()
'''


def test_the_defaults(plugin: PluginMaker, tmp_path: Path) -> None:
    plugin("little_plugin", LITTLE, "[edgebench.runtimes]\nlittle = little_plugin:RUNTIME\n")
    ((artifact, path),) = contents(tmp_path, form="little", data=False).artifacts
    for form in ("little", "nobody-has-it"):
        assert formats.requirements(form, "x86_64") == ()
        assert not formats.unsupported(form, "cpu", "", "riscv64")
        assert formats.files(form, path) == (path,)
        formats.check(form, path)
        assert not formats.uses_engine(form) and not formats.rebuilds(form)
        assert not formats.ends_with(form)
        assert formats.program(form, artifact, "cpu", "", 1) is None
        with pytest.raises(ArtifactError, match=form):
            formats.layers(form, path)
        with pytest.raises(ArtifactError, match=form):
            formats.facts(form, path)
    assert formats.missing("little") == "" and "nobody-has-it" in formats.missing("nobody-has-it")


def test_a_missing_package_is_named_with_its_command(plugin: PluginMaker) -> None:
    own_format.install(plugin, needs="no-such-library>=2")
    reason = formats.missing("own")
    assert "no_such_library" in reason and "pip install 'no-such-library>=2'" in reason


def test_two_formats_with_one_suffix_look_into_the_file(plugin: PluginMaker, tmp_path: Path) -> None:
    code = LITTLE.replace('format = "little"', 'format, suffixes = "little", (".onnx",)')
    code = code.replace(
        "\n\n\nRUNTIME", "\n\n    def identify(self, path):\n        return path.read_bytes() == b'little'\n\n\nRUNTIME"
    )
    plugin("other_plugin", code, "[edgebench.runtimes]\nlittle = other_plugin:RUNTIME\n")
    path = tmp_path / "a.onnx"
    path.write_bytes(b"little")
    assert formats.of_file(path) == "little"
    path.write_bytes(b"other")
    assert formats.of_file(path) == "onnx"


def test_a_runtime_that_cannot_be_imported_stops_no_other(plugin: PluginMaker, tmp_path: Path) -> None:
    plugin("broken_plugin", "import no_such_library\n", "[edgebench.runtimes]\nbroken = broken_plugin:RUNTIME\n")
    assert {"onnx", "eager", "torchscript"} <= {name for name, _ in formats.known()}
    assert "no_such_library" in formats.missing("broken")
    assert set(formats.suffixes()) >= {".onnx", ".pt", ".pth", ".ts"}
    assert formats.of_file(tmp_path / "a.json") == ""
    assert {"onnxruntime", "torch"} <= set(formats.packages())
