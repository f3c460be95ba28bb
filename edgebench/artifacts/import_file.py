"""An imported .onnx or TorchScript file as an artifact: measured unchanged, with its card beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgebench.artifacts import opening
from edgebench.artifacts.opening import FileFacts
from edgebench.core.contracts import Artifact, InputContract
from edgebench.core.errors import ArtifactError
from edgebench.core.files import deflated_size, safe_name, sha256

if TYPE_CHECKING:
    from edgebench.models.card import Card

FORMATS = {".onnx": "onnx", ".pt": "torchscript", ".pth": "torchscript", ".ts": "torchscript"}
EXPORTER = "as-is"
Layout = Literal["leads-first", "samples-first"]


def is_imported(path: Path) -> bool:
    """Whether a path names a file to import, not a manifest."""
    return path.suffix in FORMATS


def describe(path: Path, tuned: bool) -> Artifact:
    """The record of an imported file.

    Layout and batch size come from the file where it states them, otherwise from the card. With `tuned`, thresholds are
    chosen later on the validation fold. Raises ArtifactError, with what does not fit.
    """
    from edgebench.models import card as cards

    if not path.is_file():
        raise ArtifactError(f"{path}: no such file")
    card = cards.read(path, ArtifactError, tuned)
    form = FORMATS[path.suffix]
    found = opening.facts(path, form)
    layout, single = _onnx_input(path, card, found) if form == "onnx" else (card.input.layout or "leads-first", False)
    return Artifact(
        model=card.name or safe_name(path.stem), variant="none", exporter=EXPORTER, format=form,
        precision=found.precision, file=path.name, sha256=sha256(path),
        file_size_bytes=path.stat().st_size, classes=card.classes, thresholds=card.thresholds,
        input=InputContract(), parameters=None, sparsity=None, zip_size_bytes=deflated_size(path), model_sha256="",
        devices=("cpu", "cuda"), feed=card.io_adapter(layout, single), notes=("imported, measured unchanged",),
    )  # fmt: skip


def _onnx_input(path: Path, card: Card, found: FileFacts) -> tuple[Layout, bool]:
    """(layout, whether it takes one record at a time only), by the graph's own input.

    Raises ArtifactError where signals do not fit it.
    """
    inputs, outputs = found.inputs or (), found.outputs or ()
    for what, ports in (("input", inputs), ("output", outputs)):
        if not ports:
            raise ArtifactError(f"{path}: its graph has no {what}; export the network again")
    leads, samples = InputContract().shape
    if len(inputs) != 1 or len(inputs[0].shape) != 3 or inputs[0].type != "tensor(float)":
        takes = ", ".join(f"{i.name} {list(i.shape)} {i.type}" for i in inputs)
        raise ArtifactError(f"{path}: takes {takes}; EdgeBench gives one float input, (batch, {leads}, {samples})")
    size, *order = inputs[0].shape
    fits = {
        "leads-first": _fits(order, (leads, samples)),
        "samples-first": _fits(order, (samples, leads)),
    }
    wanted: list[Layout] = [card.input.layout] if card.input.layout else ["leads-first", "samples-first"]
    layout = next((name for name in wanted if fits[name]), None)
    if layout is None:
        said = f" ({card.input.layout} by its TOML file)" if card.input.layout else ""
        raise ArtifactError(
            f"{path}: takes {list(inputs[0].shape)}{said}, "
            f"not (batch, {leads}, {samples}) or (batch, {samples}, {leads})"
        )
    last = outputs[0].shape[-1] if outputs[0].shape else None
    if isinstance(last, int) and last != len(card.classes):
        raise ArtifactError(
            f"{path}: answers {last} numbers a record, but its TOML file has {len(card.classes)} classes"
        )
    if isinstance(size, int) and size > 1:
        raise ArtifactError(f"{path}: takes batches of {size} only; export it with a batch of 1, or with a free one")
    return layout, isinstance(size, int)


def _fits(order: list[Any], wanted: tuple[int, int]) -> bool:
    """Whether two dimensions, of which symbolic ones may be anything, can be these."""
    return all(not isinstance(has, int) or has == want for has, want in zip(order, wanted, strict=True))
