"""The file to copy is the one that was measured, and the program beside it decides as the measured runtime did."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import own_files
import pytest
import torch
from decisions import CELL
from flat_rows import changed, value
from helpers import EXPORTERS

from edgebench.artifacts import manifests
from edgebench.choosing import shipping
from edgebench.core import artifact_files
from edgebench.core.contracts import Job
from edgebench.core.datasets import RecordSet
from edgebench.core.files import sha256
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import to_json
from edgebench.data.signals import MICROVOLTS
from edgebench.data.stored import values
from edgebench.isolation.jobs import run_job
from edgebench.tasks.statistics import decide

RECORDS = 8
TORCH_INT8 = ("torchscript", True)
ZEROS = "np.zeros((1, 12, 1000), np.float32)"


def run_in(folder: Path, **plan: object) -> Run:
    """A run's folder without measurements, whose one target has a quantized engine."""
    target = {"device": "cpu", "quantized_engine": "fbgemm"}
    document = {"plan": plan, "inputs": {"targets": {"host": target}}}
    (folder / "plan.json").write_text(json.dumps(document))
    return Run("r", folder, plan, {"target_threads": {"host": 1}}, ())


def cell_of(folder: Path) -> Measurement:
    """The row of the artifact in a folder."""
    made = manifests.read(folder).artifact
    assert made is not None
    return changed(
        CELL, model=made.model, exporter=made.exporter, format=made.format,
        artifact_sha256=made.sha256, file_size_bytes=made.file_size_bytes,
    )  # fmt: skip


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_program_decides_as_the_measured_runtime_did(
    exported: Path, exporter: str, demo: RecordSet, tmp_path: Path
) -> None:
    home = tmp_path / "artifacts" / "resnet1d" / "none"
    shutil.copytree(exported / exporter, home / exporter)
    shipped = shipping.locate(cell_of(home / exporter), run_in(tmp_path))
    made = manifests.read(home / exporter)
    assert made.artifact and made.path and shipped.path == made.path
    assert shipped.file == f"artifacts/resnet1d/none/{exporter}/{made.path.name}"
    assert shipped.sha256 == sha256(made.path)
    assert ("edgebench" in shipped.snippet) == (exporter == "eager"), "the others need their runtime alone"
    engine = (made.artifact.engine or "fbgemm") if (made.artifact.format, "int8" in exporter) == TORCH_INT8 else ""
    assert re.findall(r'engine = "(\w*)"', shipped.snippet) == ([engine] if engine else [])

    beside = tmp_path / "beside"
    beside.mkdir()
    shutil.copy(shipped.path, beside)
    if exporter == "eager":
        shutil.copy(home / exporter / "manifest.json", beside)
    signals = values(np.load(demo.input.path)[:RECORDS], MICROVOLTS)
    np.save(beside / "signals.npy", signals)
    assert ZEROS in shipped.snippet
    # In one process, which loads torch once: as it is, and with these records in place of the zeros.
    programs = (shipped.snippet, shipped.snippet.replace(ZEROS, 'np.load("signals.npy")'))
    done = subprocess.run([sys.executable, "-c", "\n".join(programs)], cwd=beside, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + RECORDS
    job = Job(
        "predict", made.artifact, str(made.path), "cpu", 1, engine, demo.input,
        str(tmp_path / "logits.npy"), records=RECORDS, batch=RECORDS,
    )  # fmt: skip
    assert run_job(job, 120).status == "ok"
    decided = decide(np.load(tmp_path / "logits.npy"), made.artifact.thresholds)
    expected = [[name for name, yes in zip(made.artifact.classes, row, strict=True) if yes] for row in decided]
    assert [ast.literal_eval(line) for line in lines[1:]] == expected
    assert any(expected), "the records are told apart"


def test_a_file_that_is_gone_or_another_is_not_offered(exported: Path, tmp_path: Path) -> None:
    home = tmp_path / "artifacts" / "resnet1d" / "none" / "onnx"
    shutil.copytree(exported / "onnx", home)
    m, run = cell_of(home), run_in(tmp_path)
    with (home / "model.onnx").open("ab") as file:
        file.write(b"x")
    altered = shipping.locate(m, run)
    assert altered.path is None and altered.file.endswith("onnx/model.onnx (changed since it was measured)")
    (home / "model.onnx").unlink()
    gone = shipping.locate(m, run)
    assert gone.path is None
    assert gone.file.endswith("onnx/model.onnx (not here: the run's folder does not hold it any more)")
    assert (gone.sha256, gone.snippet) == (value(m, "artifact_sha256"), altered.snippet)
    other = shipping.locate(changed(m, artifact_sha256="b" * 64), run)
    assert (other.path, other.sha256, other.snippet) == (None, "b" * 64, "")
    assert other.file == "not here: the run's folder has no manifest of onnx; it is the file with this SHA-256"


def test_artifacts_that_a_plan_names_are_found_where_they_are(exported: Path, tmp_path: Path) -> None:
    m = cell_of(exported / "onnx")
    for path in (exported / "onnx", exported / "onnx" / "manifest.json", exported / "onnx" / "model.onnx"):
        shipped = shipping.locate(m, run_in(tmp_path, artifacts=["nowhere", str(path)]))
        assert shipped.path == exported / "onnx" / "model.onnx"
        assert shipped.file == shipped.path.as_posix()


NAMED = ["made/onnx", "made/onnx/manifest.json", "made/onnx/model.onnx", "./made/../made/onnx/"]


@pytest.mark.parametrize("text", NAMED)
def test_a_relative_path_of_a_plan_leads_there_from_any_working_directory(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The plan's paths are relative to where the run was started, most often a folder above the run's."""
    project = tmp_path / "project"
    shutil.copytree(exported / "onnx", project / "made" / "onnx")
    (project / "results" / "mine").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    m = cell_of(project / "made" / "onnx")

    def found(folder: Path, cwd: Path) -> shipping.Shipped:
        monkeypatch.chdir(cwd)
        return shipping.locate(m, run_in(folder, artifacts=["made/none", text]))

    for folder, cwd in (
        (project / "results" / "mine", tmp_path / "other"), (Path("results/mine"), project),
        (Path("mine"), project / "results"), (Path(), project / "results" / "mine"),
    ):  # fmt: skip
        shipped = found(folder, cwd)
        assert shipped.path and sha256(shipped.path) == value(m, "artifact_sha256")
        assert shipped.file == "../../made/onnx/model.onnx", "the same from everywhere"
        assert shipped.snippet
    moved = tmp_path / "moved"
    project.rename(moved)
    assert found(moved / "results" / "mine", tmp_path / "other").file == "../../made/onnx/model.onnx"
    (moved / "results" / "mine").rename(tmp_path / "alone")
    away = found(tmp_path / "alone", tmp_path / "other")
    assert away == found(tmp_path / "alone", moved), "nothing is looked for in the working directory"
    assert (away.path, away.sha256, away.snippet) == (None, value(m, "artifact_sha256"), "")
    assert away.file == (
        "not here: the run's folder has no manifest of onnx, and no artifact that its plan names is here; "
        "it is the file with this SHA-256"
    )


def test_what_may_not_be_read_is_not_here(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(paths: Sequence[Path]) -> str:
        raise PermissionError(13, "Permission denied", str(paths[0]))

    monkeypatch.setattr(artifact_files, "digest", refuse)
    texts = ["x\0y.onnx", "x" * 300 + ".onnx", "\ud800.onnx", str(exported / "onnx" / "model.onnx"), ""]
    shipped = shipping.locate(cell_of(exported / "onnx"), run_in(tmp_path, artifacts=texts))
    assert shipped.path is None and shipped.snippet
    away = shipping.locate(cell_of(exported / "onnx"), run_in(tmp_path, artifacts=["\ud800\x07/net.onnx"]))
    assert (away.path, away.snippet) == (None, "")
    home = tmp_path / "artifacts" / "resnet1d" / "none" / "onnx"
    home.mkdir(parents=True)
    shutil.copy(exported / "onnx" / "manifest.json", home)
    named = run_in(tmp_path, artifacts=["\ud800\x07/model.onnx"])
    assert shipping.locate(cell_of(exported / "onnx"), named).file.startswith("\ufffd\ufffd/model.onnx (not here")


@pytest.mark.parametrize("file", ["/etc/hostname", "../model.onnx", ""])
def test_a_manifest_that_leads_elsewhere_is_none(exported: Path, tmp_path: Path, file: str) -> None:
    home = tmp_path / "artifacts" / "resnet1d" / "none" / "onnx"
    shutil.copytree(exported / "onnx", home)
    m = cell_of(home)
    made = manifests.read(home).artifact
    assert made
    (home / "manifest.json").write_text(to_json(replace(made, file=file)))
    assert "has no manifest" in shipping.locate(m, run_in(tmp_path)).file


def test_another_file_of_the_same_name_is_not_taken_for_it(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported / "onnx", tmp_path / "project" / "made" / "onnx")
    shutil.copytree(exported / "onnx-int8", tmp_path / "made" / "onnx")
    (tmp_path / "project" / "mine").mkdir()
    run = run_in(tmp_path / "project" / "mine", artifacts=["made/onnx"])
    assert (
        shipping.locate(cell_of(exported / "onnx"), run).path == tmp_path / "project" / "made" / "onnx" / "model.onnx"
    )
    assert shipping.locate(cell_of(exported / "onnx-int8"), run).path == tmp_path / "made" / "onnx" / "model.onnx"
    with (tmp_path / "project" / "made" / "onnx" / "model.onnx").open("ab") as file:
        file.write(b"x")
    changed = shipping.locate(cell_of(exported / "onnx"), run)
    assert (changed.path, changed.file) == (None, "made/onnx (changed since it was measured)")


def test_a_file_from_elsewhere_whose_thresholds_the_run_chose(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run keeps the record, the file stays where it was; its name alone does not make it the one."""
    home = tmp_path / "project" / "run"
    kept = home / "artifacts" / "net" / "as-is"
    kept.mkdir(parents=True)
    made = manifests.read(exported / "onnx").artifact
    assert made
    record = replace(made, model="net", exporter="as-is", file="net.onnx", feed=IOAdapter())
    (kept / "manifest.json").write_text(to_json(record))
    for folder, content in (("other", "onnx-int8"), ("mine", "onnx")):
        (tmp_path / "project" / folder).mkdir()
        shutil.copy(exported / content / "model.onnx", tmp_path / "project" / folder / "net.onnx")
    m = changed(cell_of(exported / "onnx"), model="net", exporter="as-is")
    run = run_in(home, artifacts=["other/net.onnx", "mine/net.onnx", 5])
    monkeypatch.chdir(tmp_path)
    shipped = shipping.locate(m, run)
    assert (shipped.path, shipped.file) == (tmp_path / "project" / "mine" / "net.onnx", "../mine/net.onnx")
    assert '"net.onnx"' in shipped.snippet
    (kept / "manifest.json").unlink()
    bare = shipping.locate(m, run)
    assert (bare.path, bare.snippet) == (shipped.path, ""), "neither record nor card: the file is all that is known"
    (kept / "manifest.json").write_text(to_json(record))
    shutil.rmtree(tmp_path / "project" / "mine")
    shutil.rmtree(tmp_path / "project" / "other")
    odd = shipping.locate(m, run_in(home, artifacts=["mine/\x1b[31m/net.onnx"]))
    assert odd.path is None and odd.file == ("mine/\ufffd[31m/net.onnx (not here, seen from the run's folder up)")


def test_a_file_from_elsewhere_gets_what_it_takes(demo: RecordSet, tmp_path: Path) -> None:
    """It is standardised, and samples come first: the program does both."""
    network = own_files.network(own_files.write(tmp_path))
    torch.jit.trace(network, torch.zeros(1, 1000, 12)).save(tmp_path / "script.pt")  # type: ignore[no-untyped-call]
    shutil.copy(tmp_path / "net.toml", tmp_path / "script.toml")
    m = changed(CELL, model="script", exporter="as-is", artifact_sha256=sha256(tmp_path / "script.pt"))
    m = changed(m, file_size_bytes=(tmp_path / "script.pt").stat().st_size)
    (tmp_path / "run").mkdir()
    shipped = shipping.locate(m, run_in(tmp_path / "run", artifacts=[str(tmp_path / "script.pt")]))
    assert shipped.path == tmp_path / "script.pt"
    signals = values(np.load(demo.input.path)[:RECORDS], MICROVOLTS)
    np.save(tmp_path / "signals.npy", signals)
    program = shipped.snippet.replace(ZEROS, 'np.load("signals.npy")') + "np.save('said.npy', answer)\n"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    with torch.inference_mode():
        expected = network(torch.from_numpy((signals - 0.1) / 0.25).transpose(1, 2)).numpy()
    np.testing.assert_allclose(np.load(tmp_path / "said.npy"), expected, atol=1e-5)


def test_a_run_from_elsewhere_makes_nothing_be_read_that_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its plan can name any path, and lay pipes, which no reading ends of; only a file of the right size is hashed."""
    own, pipe, deep, vast = (tmp_path / name for name in ("net.onnx", "pipe.onnx", "deep", "vast.onnx"))
    own.write_bytes(b"network")
    os.mkfifo(pipe)
    deep.mkdir()
    (deep / "manifest.json").write_text("[" * 100_000)
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "manifest.json")
    os.mkfifo(tmp_path / "net.toml")
    with vast.open("wb") as file:
        file.truncate(2**30)
    (tmp_path / "long").mkdir()
    with (tmp_path / "long" / "manifest.json").open("wb") as file:
        file.truncate(2**30)
    given = [pipe, deep, vast, tmp_path / "piped", tmp_path / "long", "/dev/zero", "/dev/zero/manifest.json", own]
    m = changed(CELL, artifact_sha256=sha256(own), file_size_bytes=own.stat().st_size)
    run = run_in(tmp_path, artifacts=[str(path) for path in given])
    read_text = Path.read_text

    def only_files(path: Path, **options: str) -> str:
        assert path.is_file() and path.stat().st_size < 2**21, path
        return read_text(path, **options)

    def only_own(paths: Sequence[Path]) -> str:
        assert list(paths) == [own]
        return sha256(own)

    monkeypatch.setattr(Path, "read_text", only_files)
    monkeypatch.setattr(artifact_files, "digest", only_own)
    assert shipping.locate(m, run).path == own
