"""A network that answers its classes in another order, or takes other leads, gets the same scores in every way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import own_files
import pytest
import small_onnx
import torch
from helpers import QUICK, edgebench_here
from small_onnx import CARD, CLASSES, LEADS

from edgebench import api
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.results import Score
from edgebench.models import store

ORDER = [CLASSES.index(name) for name in sorted(CLASSES)]
THRESHOLDS = (0.5, 0.4, 0.5, 0.55, 0.6)
SORTED = f"classes = {sorted(CLASSES)}\nthresholds = {[THRESHOLDS[place] for place in ORDER]}\n"
ROWS = list(reversed(range(12)))


class Notes(ProgressReporter):
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def scores(run: Run) -> dict[str, Any]:
    assert [m.reason for m in run.measurements if m.status != "ok"] == []
    found = {f"{m.cell.model} {m.cell.exporter}": m.scores for m in run.measurements if m.scores}
    # The last bit of a logit depends on the place of its column in the product.
    return {name: replace(s, metrics=tuple(map(_rounded, s.metrics))) for name, s in found.items()}


def _rounded(score: Score) -> Score:
    """The calibration error without the digits in which its order of summing shows."""
    if score.metric.name != "calibration_error":
        return score
    rounded: Any = {k: round(v, 6) for k, v in vars(score).items() if isinstance(v, float)}
    return replace(score, **rounded)


def measured(folder: Path, paths: list[Path], **changes: Any) -> Run:
    fields = {
        "targets": ("host",),
        "limit": 40,
        "threads": 1,
        "measuring": vars(replace(QUICK, processes=1)),
        **changes,
    }
    return api.run(None, folder, artifacts=paths, **fields)


def test_files_and_their_bundle(tmp_path: Path) -> None:
    both = f"leads = {[LEADS[r] for r in ROWS]}\n{SORTED}"
    paths = [
        small_onnx.save(tmp_path / "plain.onnx"),
        small_onnx.save(tmp_path / "sorted.onnx", SORTED.replace("MI", "mi"), columns=ORDER),
        small_onnx.save(tmp_path / "both.onnx", both, rows=ROWS, columns=ORDER),
    ]
    notes = Notes()
    run = measured(tmp_path / "run", paths, listener=notes)
    found = scores(run)
    assert found["plain as-is"].primary.value > 0.1
    assert found["sorted as-is"] == found["plain as-is"] == found["both as-is"]
    assert any("sorted" in text and "CD, HYP" in text for text in notes.said)
    assert any("both" in text and "V6, V5" in text for text in notes.said)
    assert not any(text.startswith("plain") for text in notes.said)
    api.bundle([tmp_path / "run"], tmp_path / "run.bundle")
    assert scores(api.measure([tmp_path / "run.bundle"], tmp_path / "there")) == found
    row = json.loads((tmp_path / "run" / "measurements.jsonl").read_text().splitlines()[0])
    assert row["status"] == "ok"


def test_other_classes_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    wrong = CARD.replace('"HYP"', '"AFIB"')
    small_onnx.save(tmp_path / "a.onnx", wrong)
    own_files.write(tmp_path, own_files.CARD.replace('"HYP"', '"AFIB"'))
    for arguments in (("--artifact", "a.onnx"), ("--model", "net.py:build", "--weights", "net.pth")):
        done = edgebench_here("run", *arguments, "--dataset", "demo", "-o", "run", cwd=tmp_path)
        said = " ".join(done.stderr.split())
        assert done.returncode == 2, said
        assert "NORM, MI, STTC, CD, AFIB" in said and "NORM, MI, STTC, CD, HYP" in said and "toml" in said.lower()
        assert "Traceback" not in said
        assert not (tmp_path / "run").exists()


def test_several_outputs_are_one_line(tmp_path: Path) -> None:
    small_onnx.save(tmp_path / "a.onnx", outputs=("aux", "logits"))
    done = edgebench_here("run", "--artifact", "a.onnx", "--dataset", "demo", "-o", "run", cwd=tmp_path)
    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert "aux (batch, 5)" in said and "logits (batch, 5)" in said and "output =" in said
    assert not (tmp_path / "run").exists()


def test_resume_notices_a_changed_card(tmp_path: Path) -> None:
    path = small_onnx.save(tmp_path / "a.onnx", SORTED, columns=ORDER)
    measured(tmp_path / "run", [path], limit=8)
    path.with_suffix(".toml").write_text(f"leads = {[LEADS[r] for r in ROWS]}\n{SORTED}")
    from edgebench.core.errors import RunError

    with pytest.raises(RunError, match="artifacts"):
        measured(tmp_path / "run", [path], limit=8, resume=True)


def own(folder: Path, sort: bool) -> Path:
    """own_files' network, with its classes sorted and its leads reversed, or as it is."""
    folder.mkdir()
    net = own_files.write(folder)
    state = torch.load(folder / "net.pth")
    state["head.weight"] *= 40
    if sort:
        state["head.weight"], state["head.bias"] = state["head.weight"][ORDER], state["head.bias"][ORDER]
        state["conv.weight"] = state["conv.weight"][:, ROWS]
        head = f"leads = {[LEADS[r] for r in ROWS]}\n{SORTED}"
        (folder / "net.toml").write_text(head + own_files.CARD[own_files.CARD.index("[input]") :])
    else:
        text = own_files.CARD.replace("[0.5, 0.4, 0.5, 0.5, 0.6]", str(list(THRESHOLDS)))
        (folder / "net.toml").write_text(text)
    torch.save(state, folder / "net.pth")
    return net


@pytest.mark.slow
@pytest.mark.parametrize("tuned", [False, True])
def test_own_networks_in_every_format(tmp_path: Path, tuned: bool) -> None:
    formats = ("eager", "onnx", "onnx-int8", "torchscript", "fbgemm-int8", "torch-int8-dynamic")
    exporters = ("onnx",) if tuned else formats  # how thresholds are chosen does not depend on the format
    found, thresholds = [], []
    for sort in (False, True):
        net = own(tmp_path / f"sorted-{sort}", sort)
        run = api.run(
            None, tmp_path / f"run-{sort}", models=(f"{net}:build",), weights=net.with_suffix(".pth"),
            exporters=exporters, targets=("host",), limit=60, calibration_records=32, threads=1,
            measuring=vars(replace(QUICK, processes=1)), tune_thresholds=tuned,
        )  # fmt: skip
        found.append(scores(run))
        manifest = store.find(str(run.folder / "models" / "net.json")).manifest
        thresholds.append(dict(zip(manifest.classes, manifest.thresholds, strict=True)))
    assert thresholds[0] == pytest.approx(thresholds[1], abs=0.011)
    for name, one in found[0].items():
        other = found[1][name]
        if "int8" in name:
            # A scale may differ in its last bit; chosen thresholds lie where the answers of an untrained network do.
            assert other.primary.value == pytest.approx(one.primary.value, abs=0.03)
            assert other.agreement == pytest.approx(one.agreement, abs=0.1 if tuned else 0.03)
        else:
            assert other.agreement == one.agreement == 1
            assert other.primary.value == pytest.approx(one.primary.value, abs=1e-9 if not tuned else 0.01)
            assert other.by_class["f1_by_class"] == pytest.approx(
                one.by_class["f1_by_class"], abs=1e-9 if not tuned else 0.02
            )
