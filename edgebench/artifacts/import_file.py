"""An imported .onnx or TorchScript file as an artifact: measured unchanged, with its card beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.artifacts import opening
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.files import deflated_size, safe_name, sha256
from edgebench.core.problems import InvalidValue
from edgebench.data.signals import ECG

if TYPE_CHECKING:
    from edgebench.artifacts.opening import FileFacts
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.models.card import Card

FORMATS = {".onnx": "onnx", ".pt": "torchscript", ".pth": "torchscript", ".ts": "torchscript"}
EXPORTER = "as-is"


def is_imported(path: Path) -> bool:
    """Whether a path names a file to import, not a manifest."""
    return path.suffix in FORMATS


def describe(path: Path, tuned: bool) -> Artifact:
    """The record of an imported file.

    Layout, types and batch size come from the file where it states them, otherwise from the card. With `tuned`,
    thresholds are chosen later on the validation fold. Raises ArtifactError, with what does not fit.
    """
    from edgebench.artifacts import interface
    from edgebench.models import card as cards

    if not path.is_file():
        raise ArtifactError(f"{path}: no such file")
    card = cards.read(path, ArtifactError, tuned)
    form = FORMATS[path.suffix]
    found = opening.facts(path, form)
    try:
        feed = interface.fit(found, card) if form == "onnx" else _torchscript(path, found, card)
    except (interface.DoesNotFit, InvalidValue) as error:
        raise ArtifactError(f"{path}: {error}") from None
    return Artifact(
        model=card.name or safe_name(path.stem), variant="none", exporter=EXPORTER, format=form,
        precision=found.precision, file=path.name, sha256=sha256(path),
        file_size_bytes=path.stat().st_size, classes=card.classes, thresholds=card.thresholds,
        input=ECG, parameters=None, sparsity=None, zip_size_bytes=deflated_size(path), model_sha256="",
        devices=("cuda",) if found.cuda else ("cpu", "cuda"), feed=feed, notes=("imported, measured unchanged",),
    )  # fmt: skip


def _torchscript(path: Path, found: FileFacts, card: Card) -> IOAdapter:
    """The adapter of a TorchScript file, which declares no shapes; raises DoesNotFit."""
    from edgebench.artifacts import interface

    feed = interface.undeclared(card)
    if found.returns == "Tensor":
        return interface.of_one(feed)
    if not found.returns:
        return feed
    try:
        outputs = opening.answers(path, feed, card.shape)
    except ArtifactError:  # it may need another device or engine than this process has: the prediction says it
        return feed
    return interface.of_several(feed, outputs)
