"""Small bundles whose artifacts no runtime could load: enough for what comes before loading."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from edgebench.core.cells import Target
from edgebench.core.contracts import Artifact
from edgebench.core.datasets import RecordSet
from edgebench.core.policy import Policy
from edgebench.data.signals import ECG, stored
from edgebench.remote.bundles.writing import Contents, ReferenceLogits

CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
RECORDS = 6


def contents(folder: Path, form: str = "onnx", data: bool = True) -> Contents:
    """One artifact of random bytes, and six records of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    file = folder / "model.onnx"
    file.write_bytes(rng.bytes(5000))
    artifact = Artifact(
        model="net", variant="none", exporter="onnx", format=form, precision="fp32", file=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(), file_size_bytes=5000, classes=CLASSES,
        thresholds=(0.5,) * 5, input=ECG, parameters=1, sparsity=0.0, model_sha256="ab" * 32, task="multilabel",
    )  # fmt: skip
    board = Target("board", 'a "board"', "aarch64", quantized_engine="qnnpack", memory_limit_bytes=10**9)
    targets = (Target("host", "here", ""), board)
    if not data:
        return Contents(((artifact, file),), targets)
    signals = folder / "signals.npy"
    np.save(signals, rng.integers(-900, 900, (RECORDS, 12, 1000)).astype(np.int16))
    labels = rng.integers(0, 2, (RECORDS, 5)).astype(np.uint8)
    records = RecordSet(
        "demo", "demo (synthetic)", "test", stored(signals), labels, np.arange(RECORDS), CLASSES, "multilabel"
    )
    said = ReferenceLogits("net", "ab" * 32, (0.5,) * 5, rng.normal(size=(RECORDS, 5)).astype(np.float32))
    return Contents(((artifact, file),), targets, records, (said,), threads=2, seed=7, policy=Policy(prefer="size"))


def entries_of(bundle: Path) -> dict[str, bytes]:
    """What an archive holds, by name."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
