"""Names are shown letter by letter: what is markup for rich, or steers a terminal, is neither in a name."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flat_rows import changed
from report_rows import OK, run_of

from edgebench import api, cli, diagnosis
from edgebench.cli import app, console, diagnosis_view, list_view
from edgebench.cli.training_view import show_training
from edgebench.core.datasets import SplitInfo
from edgebench.core.serialization import to_json
from edgebench.data.ptbxl import dataset as ptbxl
from edgebench.data.ptbxl import fetch
from edgebench.models import store
from edgebench.reports import terminal
from edgebench.search import mixed_precision
from edgebench.tasks.multilabel import METRICS
from edgebench.training.loop import Watch

SOURCES = [*sorted(Path(cli.__path__[0]).glob("*.py")), Path(terminal.__file__)]
MARKED = "a[b][/c] :bug: [red]d"
STEERING = "\x1b]0;owned\x07\x1b[31m\u202e\udc80\x9b"
MADE = {"plain", "assemble", "_table"}
"""Calls that make what rich reads as no markup."""


def printed() -> Iterator[tuple[str, ast.expr]]:
    """What is given to a console of rich, by its place."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "print":
                continue
            of = node.func.value
            if (of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")) in (
                "out",
                "err",
                "console",
                "_console",
            ):
                yield from ((f"{path.name}:{node.lineno}", argument) for argument in node.args)


def test_only_literals_are_printed_as_markup() -> None:
    found = dict(printed())
    assert len(found) > 20, "the sources are where they were"
    for place, given in found.items():
        made = isinstance(given, ast.Call) and getattr(given.func, "attr", getattr(given.func, "id", "")) in MADE
        literal = isinstance(given, ast.Constant)
        table = isinstance(given, ast.Name) and (place.split(":")[0], given.id) == ("terminal.py", "table")
        assert made or literal or table, f"{place}: {ast.unparse(given)} may be markup; print plain(...)"


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What was printed on wide consoles, as one line a line, and that it steers nothing."""
    for one in (console.out, console.err):
        monkeypatch.setattr(one, "_width", 1000)

    def text() -> str:
        said = "".join(capsys.readouterr())
        assert not set(said) & set(STEERING) - set("]0;owned[31m"), repr(said)
        return said

    return text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in a folder whose name looks like markup; the tests work beside it."""
    made = tmp_path / "a[b][" / "c] [red]d"
    made.mkdir(parents=True)
    plan = {"plan": {"targets": ["host"], "measuring": {}}, "inputs": {}}
    (made / "plan.json").write_text(json.dumps(plan))
    (made / "environment.json").write_text(json.dumps({"fingerprint": "f", "packages": {}}))
    rows = (OK, changed(OK, exporter=f"on[b]nx[/b]{STEERING[:4]}", precision="int8", int8_operators=1))
    (made / "measurements.jsonl").write_text("".join(to_json(m) + "\n" for m in rows))
    monkeypatch.chdir(tmp_path)
    return made.relative_to(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["edgebench", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_commands_name_a_folder_as_it_is(
    folder: Path, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert given(monkeypatch, "report", folder, "--format", "csv") == 0
    said = shown()
    assert f"written: {folder / 'report.csv'}\n" in said and "on[b]nx[/b]" in said
    baseline = folder / "base.json"
    assert given(monkeypatch, "gate", folder, "--write-baseline", baseline) == 0
    assert f"written: {baseline}\n" in shown()
    assert given(monkeypatch, "gate", folder, "--baseline", baseline) == 0
    assert f"c] [red]d over {baseline}" in shown(), "the table's title"
    assert given(monkeypatch, "compare", folder, baseline) == 0
    assert f"c] [red]d over {baseline}" in shown()
    assert given(monkeypatch, "explain", folder) == 0
    assert "resnet1d on[b]nx[/b]" in shown()
    assert given(monkeypatch, "recommend", folder) == 0
    assert "on[b]nx[/b]" in shown()
    assert given(monkeypatch, "report", folder / "nowhere") == 2
    assert f"error: {folder / 'nowhere'}: no such folder" in shown()


def test_operators_are_named_as_they_are(
    folder: Path, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "profiles").mkdir()
    operator = {"name": f"{MARKED}{STEERING}", "kind": "float", "calls": 1, "seconds": 1.0}
    (folder / "profiles" / f"{OK.cell.id}.json").write_text(json.dumps([operator]))
    assert given(monkeypatch, "explain", folder, "onnx") == 0
    assert shown().count(MARKED) == 1
    for damaged in ("[" * 100_000, json.dumps([{**operator, "seconds": "long"}]), "3"):
        (folder / "profiles" / f"{OK.cell.id}.json").write_text(damaged)
        assert given(monkeypatch, "explain", folder, "onnx") == 2
        assert "damaged; remove it" in shown()


def test_a_layer_and_the_picture_of_it(
    tmp_path: Path, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgebench.artifacts import manifests, opening

    artifact = SimpleNamespace(
        model=f"{MARKED}{STEERING}", exporter="onnx", format="onnx", file_size_bytes=5, feed=None, layer_prefix=""
    )
    made = SimpleNamespace(artifact=artifact, path=tmp_path)
    monkeypatch.setattr(manifests, "read", lambda *_, **__: made)
    monkeypatch.setattr(opening, "layers", lambda *_: [])
    monkeypatch.setattr("edgebench.reports.histograms.draw", lambda *_: None)
    assert given(monkeypatch, "inspect", "x", "--picture", f"{MARKED}.svg") == 0
    said = shown()
    assert f"{MARKED}\ufffd" in said and f"written: {MARKED}.svg\n" in said


def test_a_training(shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def trained(name: str, dataset: str, directory: Path | None, watch: Watch, **_: Any) -> Path:
        assert watch.note is not None
        watch.note(f"{MARKED}{STEERING}")
        return Path(MARKED)

    monkeypatch.setattr(api, "train", trained)
    shipped = store.find("resnet1d")
    monkeypatch.setattr(store, "find", lambda _: shipped)
    show_training("resnet1d", "demo", None, output=tmp_path)
    said = shown()
    assert f"written: {MARKED}\n" in said and said.count(MARKED) == 2


def test_a_quantization(shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    from edgebench.reports import search as report

    found = SimpleNamespace(modules=(), test={}, trials=(), within=True, manifest=f"{MARKED}/x.json")
    found.validation = SimpleNamespace(metric=METRICS[0])
    monkeypatch.setattr(mixed_precision, "search", lambda *_: (found, ()))
    monkeypatch.setattr(report, "write", lambda *_: None)
    result = {"trials": [], "validation": {"metric": asdict(METRICS[0]), "value": 0.7}}
    monkeypatch.setattr("edgebench.core.serialization.to_dict", lambda _: result)
    assert given(monkeypatch, "quantize", "-o", MARKED) == 0
    said = shown()
    assert f"written: {MARKED}/x.json, {MARKED}/report.md\n" in said
    assert f"next: edgebench measure {MARKED} " in said


def test_data(shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = SimpleNamespace(records=1, downloaded=2, directory=MARKED)
    monkeypatch.setattr(fetch, "fetch", lambda *_, **__: fetched)
    assert given(monkeypatch, "data", "fetch", "ptbxl", MARKED) == 0
    assert f"1 records in {MARKED}; 2 files" in shown()
    monkeypatch.setattr(ptbxl.DATASET, "info", lambda *_: [SplitInfo(MARKED, 2, 1, 0, 0, f"{MARKED}{STEERING}")])
    assert given(monkeypatch, "data", "info", "ptbxl", MARKED) == 0
    assert shown().count(MARKED) == 3


def test_artifacts_and_a_bundle(shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failed = SimpleNamespace(status="failed", reason=f"{MARKED}{STEERING}")
    monkeypatch.setattr(api, "export", lambda *_, **__: {MARKED: failed})
    assert given(monkeypatch, "export", "-o", "x") == 1
    assert f"x/{MARKED}  failed: {MARKED}" in shown()
    monkeypatch.setattr(api, "bundle", lambda *_, **__: SimpleNamespace(files={}, artifacts=()))
    assert given(monkeypatch, "bundle", "x", "--folder", "-o", MARKED) == 0
    assert f"written: {MARKED}\n" in shown()


def test_what_is_installed(shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{MARKED}{STEERING}"
    monkeypatch.setattr(list_view, "plugins", lambda _: {"runtimes": {name: name}})
    list_view.show_list("")
    assert shown().count(MARKED) == 2
    found = diagnosis.doctor()
    monkeypatch.setattr(diagnosis_view, "doctor", lambda _: replace(found, advice=[name]))
    diagnosis_view.show_diagnosis()
    assert f"! {MARKED}" in shown()


def test_an_error_and_notes_steer_nothing(shown: Callable[[], str]) -> None:
    console.say_error(f"{MARKED}\n{STEERING} end")
    said = shown()
    assert said.startswith(f"error: {MARKED} \ufffd]0;owned") and said.endswith(" end\n") and said.count("\n") == 1
    with console.live(f"{MARKED}{STEERING}") as listener:
        listener.note(f"{MARKED}{STEERING}")
        listener.stage(f"{MARKED}{STEERING}", 2)
        listener.counting(f"{MARKED}{STEERING}")
        listener.detail(f"{MARKED}{STEERING}")
        console.out.print(listener.render())
    assert shown().count(f"{MARKED}\ufffd") >= 4


def test_a_table_of_a_run(shown: Callable[[], str]) -> None:
    name = f"{MARKED}{STEERING}"
    row = changed(OK, model=name, exporter=name, target=name, dataset=name, verdict="noisy", verdict_reason=name)
    terminal.show(run_of(row, changed(row, status="failed", reason=name)), console.out)
    assert shown().count(MARKED) >= 6
