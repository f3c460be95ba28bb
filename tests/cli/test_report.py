"""`edgebench report`: which files it writes, and what it refuses before it writes any."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import PluginMaker, edgebench_here

from edgebench import api
from edgebench.core import registry

RUN = Path(__file__).parents[2] / "results" / "reference" / "ptbxl-x86"


def test_it_writes_the_formats_that_are_asked_for(tmp_path: Path) -> None:
    done = edgebench_here("report", RUN, "--format", "json,md", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"report.json", "report.md", "report-pareto-host.svg"}
    assert "report-pareto-host.svg" in done.stdout.replace("\n", "")


@pytest.mark.parametrize("formats", ["csv,pdf", "pdf", ",", ""])
def test_an_unknown_format_is_one_line_and_nothing_is_written(formats: str, tmp_path: Path) -> None:
    done = edgebench_here("report", RUN, "--format", formats, "-o", tmp_path / "out")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "csv, html, json, md" in done.stderr
    assert "pdf" not in formats or "unknown report format 'pdf'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_third_partys_format_may_have_several_files(plugin: PluginMaker, tmp_path: Path) -> None:
    code = (
        "class R:\n    file = 'report.tex'\n"
        "    def render(self, run):\n        return {self.file: run.name, 'pictures/one.png': b'\\x89PNG'}\nR = R()"
    )
    plugin("their_tex", code, "[edgebench.renderers]\ntex = their_tex:R\n")
    assert api.report([RUN], ("tex",), tmp_path) == [tmp_path / "report.tex", tmp_path / "pictures" / "one.png"]
    assert (tmp_path / "report.tex").read_text() == "ptbxl-x86"
    assert (tmp_path / "pictures" / "one.png").read_bytes() == b"\x89PNG"
    assert "tex" in registry.names("renderers")
