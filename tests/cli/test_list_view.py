"""`edgebench list` on a terminal."""

from __future__ import annotations

import pytest
from helpers import edgebench, edgebench_here

from edgebench.cli import list_view
from edgebench.core import registry
from edgebench.models import store
from edgebench.models.catalog import ModelFacts


@pytest.mark.slow
def test_the_table_fits_80_columns() -> None:
    done = edgebench_here("list", "models", COLUMNS="80")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in done.stdout
    rows = {line.split()[0]: line.split() for line in lines if line.strip()}
    for name in registry.names("models"):
        assert name in rows
        if name not in store.shipped():
            assert rows[name][5:] == ["edgebench", "train", name]
    scores = store.find("resnet1d").manifest.scores["fold10"]
    assert rows["resnet1d"][1:] == [
        "1.37", "M", "104", "M", "2.77", "MB", *(f"{scores.metrics[name]:.3f}" for name in ("macro_f1", "macro_auc")),
        "shipped",
    ]  # fmt: skip
    assert rows["vit"][1:5] == ["4.94", "M", "4.86", "G"]
    assert len(done.stderr.splitlines()) == 1, "the stage, and no problem"


def test_one_line_says_why_columns_are_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [ModelFacts("a", problem="no torch"), ModelFacts("b", problem="no torch either"), ModelFacts("c", 10, 20)]
    monkeypatch.setattr(list_view, "model_facts", lambda listener: rows)
    list_view.show_list("models")
    shown = capsys.readouterr()
    assert shown.err.count("no torch") == 1, "one reason for both"
    assert "edgebench train a" in shown.out


@pytest.mark.parametrize("kind", ["targets", "exporters"])
def test_list_of_one_kind_shows_no_other(kind: str) -> None:
    done = edgebench_here("list", kind)
    assert ("raspberry-pi-5" in done.stdout) == (kind == "targets")
    assert ("fbgemm-int8" in done.stdout) == (kind == "exporters")


def test_an_unknown_kind_is_one_line() -> None:
    done = edgebench_here("list", "modells")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert all(name in line for name in ("modells", "datasets", "targets", "'models'"))


def test_without_torch_the_rest_of_the_table_is_there(light: str) -> None:
    done = edgebench("list", "models", PYTHONPATH=light)
    assert done.returncode == 0, done.stderr
    (reason,) = (line for line in done.stderr.splitlines() if "'torch'" in line)
    assert str(len({*registry.names("models"), *store.shipped()}) - 1) in reason
    (row,) = (line.split() for line in done.stdout.splitlines() if line.startswith(" resnet1d"))
    assert row[1:3] == ["2.77", "MB"], "without torch there are no parameters and no MACs"
    assert row[-1] == "shipped"


def test_without_the_exporters_libraries_each_of_them_is_listed(light: str) -> None:
    """Also those whose extra is missing; what an export says then is in tests/exporters/test_contract.py."""
    done = edgebench("list", "exporters", PYTHONPATH=light)
    assert (done.returncode, done.stderr) == (0, "")
    assert {line.split()[0] for line in done.stdout.splitlines() if line.strip()} >= set(registry.names("exporters"))
