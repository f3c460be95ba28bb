"""An imported file, such as .onnx or TorchScript, as an artifact: measured unchanged, with its card beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.artifacts import opening
from edgebench.core import artifact_files, formats
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.expected import Expected
from edgebench.core.files import safe_name
from edgebench.core.io_adapter import FurtherInput
from edgebench.core.problems import InvalidValue
from edgebench.data.signals import FOR_ECG

if TYPE_CHECKING:
    from edgebench.core.file_facts import FileFacts
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.models.card import Card

EXPORTER = "as-is"


def is_imported(path: Path) -> bool:
    """Whether a path names a file to import, not a manifest."""
    return path.suffix in formats.suffixes()


def describe(path: Path, tuned: bool, wanted: Expected = FOR_ECG) -> Artifact:
    """The record of an imported file that is to be measured on records such as `wanted`.

    Layout, types and batch size come from the file where it states them, otherwise from the card. With `tuned`,
    thresholds are chosen later on the validation records. Raises ArtifactError, with what does not fit.
    """
    from edgebench.artifacts import interface

    card, found = _opened(path, tuned, wanted.task, wanted.classes)
    wanted = interface.numbered(found, card, card.expected(wanted))
    form = formats.of_file(path)
    try:
        declared = found.inputs is not None
        fit = interface.fit(found, card, wanted) if declared else _undeclared(path, form, found, card, wanted)
        classes = card.outputs(wanted)
    except (interface.DoesNotFit, InvalidValue) as error:
        raise ArtifactError(f"{path}: {error}") from None
    taken = [card.inputs.get(one.name, one.name) for one in fit.further]
    unnamed = () if card.classes or len(classes) == 1 else (f"its outputs are taken in the order of {wanted.label}",)
    return Artifact(
        model=card.name or safe_name(path.stem), variant="none", exporter=EXPORTER, format=form,
        precision=found.precision, **artifact_files.described(formats.files(form, path)),
        classes=classes, thresholds=card.thresholds,
        input=wanted.input, parameters=None, sparsity=None, model_sha256="",
        devices=("cuda",) if found.cuda else ("cpu", "cuda"), feed=fit,
        further={name: wanted.further[name] for name in taken},
        notes=("imported, measured unchanged", *unnamed), task=wanted.task,
    )  # fmt: skip


def announced(path: Path, tuned: bool, task: str, classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes that the card of a file names, before any record is read; empty where it names none.

    `task` and `classes` are the dataset's, empty where its data decide them. Raises ArtifactError where file
    or card cannot be used.
    """
    return _opened(path, tuned, task, classes)[0].classes


def _opened(path: Path, tuned: bool, task: str, classes: tuple[str, ...]) -> tuple[Card, FileFacts]:
    from edgebench.models import card as cards

    if not path.is_file():
        raise ArtifactError(f"{path}: no such file")
    card = cards.read(path, ArtifactError, tuned, task, classes)
    return card, opening.facts(path, formats.of_file(path))


def _undeclared(path: Path, form: str, found: FileFacts, card: Card, wanted: Expected) -> IOAdapter:
    """The adapter of a file that declares no shapes, such as TorchScript; raises DoesNotFit, InvalidValue."""
    from edgebench.artifacts import interface

    # It names no inputs: only those of its card are filled.
    sources = interface.filled(card, wanted, list(card.inputs))
    others = tuple(FurtherInput(card.input_for(name)) for name in sources if name in card.inputs.values())
    feed = card.io_adapter(wanted, answer=card.output, further=others)
    if not found.returns:
        return feed
    if one := found.returns == "Tensor":
        feed = interface.of_one(feed)
    try:
        shapes = [feed.shape(wanted.input), *(wanted.further[name].shape for name in sources)]
        outputs = opening.answers(path, form, feed, shapes)
    except ArtifactError:  # it may need another device or engine than this process has: the prediction says it
        return feed
    feed = feed if one else interface.of_several(feed, outputs)
    answered = next((shape for key, shape in outputs if one or key == feed.answer), "")
    interface.require_count([int(size) for size in re.findall(r"\d+", answered)], card, wanted)
    return feed
