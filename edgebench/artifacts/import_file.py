"""An imported .onnx or TorchScript file as an artifact: measured unchanged, with its card beside it."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgebench.core.contracts import Artifact, InputContract
from edgebench.core.errors import ArtifactError, MissingPackage, first_line
from edgebench.core.files import deflated_size, safe_name, sha256

if TYPE_CHECKING:
    from edgebench.models.card import Card

FORMATS = {".onnx": "onnx", ".pt": "torchscript", ".pth": "torchscript", ".ts": "torchscript"}
EXPORTER = "as-is"
CODE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
"""The prefix of each of onnxruntime's messages."""
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
    layout, single = _onnx_input(path, card) if form == "onnx" else (card.input.layout or "leads-first", False)
    return Artifact(
        model=card.name or safe_name(path.stem), variant="none", exporter=EXPORTER, format=form,
        precision=_precision(path, form), file=path.name, sha256=sha256(path),
        file_size_bytes=path.stat().st_size, classes=card.classes, thresholds=card.thresholds,
        input=InputContract(), parameters=None, sparsity=None, zip_size_bytes=deflated_size(path), model_sha256="",
        devices=("cpu", "cuda"), feed=card.io_adapter(layout, single), notes=("imported, measured unchanged",),
    )  # fmt: skip


def _onnx_input(path: Path, card: Card) -> tuple[Layout, bool]:
    """(layout, whether it takes one record at a time only), by the graph's own input.

    Raises ArtifactError where signals do not fit it.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise MissingPackage("onnxruntime", "onnx", f"'{path}'") from None
    onnxruntime.set_default_logger_severity(3)
    try:
        # Load from bytes: weights in another file, which is neither measured nor hashed, then fail to load.
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of its own
        reason = first_line(error)
        if "external" in reason.lower():
            raise ArtifactError(f"{path}: keeps weights in another file; export it with external_data=False") from None
        if "INVALID_PROTOBUF" in reason or "No graph was found" in reason:
            raise ArtifactError(f"{path}: not an ONNX file, or a damaged one") from None
        said = CODE.sub("", reason)
        raise ArtifactError(f"{path}: onnxruntime {onnxruntime.__version__} cannot load it: {said}") from None
    inputs, outputs = session.get_inputs(), session.get_outputs()
    leads, samples = InputContract().shape
    if len(inputs) != 1 or len(inputs[0].shape) != 3 or inputs[0].type != "tensor(float)":
        takes = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
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
            f"{path}: takes {inputs[0].shape}{said}, not (batch, {leads}, {samples}) or (batch, {samples}, {leads})"
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


def _weights_are_half(path: Path) -> bool:
    """Whether most weights are in half precision; only where the package onnx is installed."""
    try:
        import onnx
    except ModuleNotFoundError:
        return False
    sizes = {True: 0, False: 0}
    for tensor in onnx.load(path).graph.initializer:
        sizes[tensor.data_type == onnx.TensorProto.FLOAT16] += math.prod(tensor.dims)
    return sizes[True] > sizes[False]


def _precision(path: Path, form: str) -> str:
    """Precision by the names of operators in the file: int8, int8-dynamic or fp32."""
    if form == "onnx":
        text = path.read_bytes()
        if b"DynamicQuantizeLinear" in text or b"MatMulInteger" in text:
            return "int8-dynamic"
        if b"QuantizeLinear" in text or b"QLinear" in text:
            return "int8"
        return "fp16" if _weights_are_half(path) else "fp32"
    try:
        with zipfile.ZipFile(path) as archive:
            code = b"".join(archive.read(n) for n in archive.namelist() if n.endswith((".py", ".debug_pkl")))
    except (zipfile.BadZipFile, OSError):
        raise ArtifactError(f"{path}: not a TorchScript file (those are made by torch.jit.save)") from None
    if b"quantized.linear_dynamic" in code or b"quantized::linear_dynamic" in code:
        return "int8-dynamic"
    return "int8" if b"ops.quantized" in code else "fp32"
