"""The card: a small TOML file beside an imported network or file, with what EdgeBench cannot read from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from edgebench.core import registry
from edgebench.core.errors import EdgeBenchError
from edgebench.core.expected import Expected
from edgebench.core.io_adapter import (
    MOST_CONSTANTS,
    MOST_VALUES,
    Constant,
    FloatType,
    FurtherInput,
    IOAdapter,
    OutputKind,
)
from edgebench.core.name_order import order
from edgebench.core.problems import InvalidValue, Problem, expected, not_a_name, require_range
from edgebench.core.toml_file import toml
from edgebench.core.validation import validated
from edgebench.models.card_input import CardInput
from edgebench.tasks import multilabel

NAME = re.compile(r"(\w[\w.-]{0,63})?")
"""Names become names of files."""
LARGEST = 2**20
"""Bytes of a card, constants included."""
COLUMNS = (
    "say [inputs] where the dataset has such an input, or give a value that is the same for all records: [constants]"
)


@dataclass(frozen=True)
class Card:
    """The content of the card."""

    classes: tuple[str, ...] = ()
    """In the order in which the network answers; empty for the dataset's classes, or its quantities, in its order."""
    name: str = ""
    """The model's name in tables; by default the name of the file."""
    thresholds: tuple[float, ...] = ()
    """Probability from which on each class is predicted; optional with --tune-thresholds."""
    leads: tuple[str, ...] = ()
    """The leads that it takes, in its order; by default those of the dataset."""
    channels: tuple[str, ...] = ()
    """The same of an image's channels: blue, green, red."""
    output: str | int | None = None
    """`logits` or `probabilities`; where there are several outputs, the name or position of the one to score."""
    output_kind: Literal["logits", "probabilities"] | None = None
    """What the output is; by default what `output` says, or logits."""
    unit: str = ""
    """Unit of the quantities that it answers; by default the dataset's."""
    license: str = "unknown"
    input: CardInput = field(default_factory=CardInput)
    constants: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Values of further inputs by name, the same for all records."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Further inputs by name, each with the dataset's name for it; needed where the two differ."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for a name that is no file's, and for fields that do not fit each other."""
        if not NAME.fullmatch(self.name):
            raise InvalidValue(not_a_name("name", self.name))
        if len({name.casefold() for name in self.classes}) != len(self.classes):
            raise InvalidValue(Problem("classes", f"has one twice: {', '.join(self.classes)}"))
        for number, threshold in enumerate(self.thresholds):
            require_range(f"thresholds.{number}", threshold, 0, 1)
        if self.thresholds and len(self.thresholds) != len(self.classes):
            words = f"{len(self.thresholds)} thresholds for {len(self.classes)} classes"
            raise InvalidValue(Problem("", words))
        if isinstance(self.output, int):
            require_range("output", self.output, 0)
        for name in ("leads", "channels"):
            named = getattr(self, name)
            if len({one.casefold() for one in named}) != len(named):
                raise InvalidValue(Problem(name, f"has one twice: {', '.join(named)}"))
        if self.leads and self.channels:
            raise InvalidValue(Problem("channels", "says what leads says: omit one of them"))
        for name, values in self.constants.items():
            if not values:
                raise InvalidValue(Problem(f"constants.{name}", "must not be empty"))
            if len(values) > MOST_VALUES:
                raise InvalidValue(Problem(f"constants.{name}", f"has {len(values)} values; {MOST_VALUES} at most"))
        if twice := set(self.constants) & set(self.inputs):
            raise InvalidValue(Problem(f"inputs.{min(twice)}", "is under [constants], too: omit one of them"))
        if len(set(self.inputs.values())) != len(self.inputs):
            raise InvalidValue(Problem("inputs", "has an input of the dataset twice"))
        if len(self.constants) > MOST_CONSTANTS:
            raise InvalidValue(Problem("constants", f"has {len(self.constants)} inputs; {MOST_CONSTANTS} at most"))

    def input_for(self, source: str) -> str:
        """The network's name for a further input of the dataset: the same, unless the card says another one.

        Empty where the card gives that name to another input.
        """
        mapped = (name for name, one in self.inputs.items() if one == source)
        return next(mapped, "" if source in self.inputs else source)

    def expected(self, wanted: Expected) -> Expected:
        """The same, with the task that thresholds say where the records have none."""
        return replace(wanted, task=multilabel.TASK.name) if self.thresholds and not wanted.task else wanted

    def outputs(self, wanted: Expected) -> tuple[str, ...]:
        """The name of each output, in the network's order; raises InvalidValue where nothing says them."""
        if self.thresholds and wanted.task and not decides(wanted.task):
            words = f"are for classes that may be present at once; the task of {wanted.label} is {wanted.task}"
            raise InvalidValue(Problem("thresholds", words))
        if self.unit and self.unit != wanted.unit:
            has = f"in {wanted.unit}" if wanted.unit else "without a unit"
            raise InvalidValue(Problem("unit", f"the targets of {wanted.label} are {has}", self.unit))
        if not self.classes and not wanted.classes:
            words = f"is missing, and {wanted.label} does not name the outputs: name each of them in the TOML file"
            raise InvalidValue(Problem("classes", words))
        return self.classes or wanted.classes

    def kind(self, task: str) -> OutputKind:
        """What the output is; raises InvalidValue for probabilities of a task that has none."""
        said = self.output_kind or ("probabilities" if self.output == "probabilities" else "logits")
        if said == "logits":
            return "logits"
        name = "output_kind" if self.output_kind else "output"
        if not task:
            words = "without labels, only thresholds say of what: add them, or omit this to compare values as they are"
            raise InvalidValue(Problem(name, words, said))
        activation = registry.task(task).activation
        if activation == "none":
            raise InvalidValue(Problem(name, f"the task {task} has quantities, no probabilities", said))
        return "softmax" if activation == "softmax" else "probabilities"

    def positions(self, wanted: Expected) -> tuple[str, ...]:
        """The leads or channels that it takes, as the records spell them; empty where it takes all in their order.

        Raises InvalidValue where the records do not have them.
        """
        name, asked = ("channels", self.channels) if self.channels else ("leads", self.leads)
        there, axis = wanted.input.positions, wanted.input.axes[wanted.input.channel_axis]
        if asked and name != f"{axis}s" and axis in ("lead", "channel"):
            raise InvalidValue(Problem(name, f"{wanted.label} has {axis}s: write {axis}s = [...]"))
        found = order(there, asked)
        if found is None:
            known = f"must be some of {', '.join(there)}" if there else f"{wanted.label} does not name its {name}"
            words = f"{known}, each once, in the order that the network takes; not {', '.join(asked)}"
            raise InvalidValue(Problem(name, words if there else known))
        named = tuple(there[place] for place in found)
        return () if named == there else named

    def io_adapter(
        self, wanted: Expected, axes: tuple[str, ...] | None = None, single: bool = False,
        dtype: FloatType | None = None, signal: str = "", answer: str | int | None = None,
        constants: tuple[Constant, ...] | None = None, further: tuple[FurtherInput, ...] = (),
    ) -> IOAdapter:  # fmt: skip
        """The adapter of a network or file for such records; `single` says that it takes one record at a time.

        Axes, type and constants are the card's where they are not given. Raises InvalidValue where the card is not
        for such records.
        """
        spec = wanted.input
        self.input.check(spec, wanted.label)
        positions, axis = self.positions(wanted), spec.channel_axis
        mean, std = self.input.statistics(len(positions) or spec.shape[axis], spec.axes[axis])
        if axes is None:
            axes = self.input.order(spec, wanted.label)
        if constants is None:
            constants = tuple(Constant(name, values, (len(values),)) for name, values in self.constants.items())
        return IOAdapter(
            () if axes == spec.axes else axes, mean, std, single, self.kind(wanted.task), positions,
            self.input.per_record, dtype or self.input.dtype or "float32", signal, answer, constants, further,
        )  # fmt: skip


def decides(task: str) -> bool:
    """Whether a task decides each class at a threshold of its own; False where the task is not known yet."""
    return bool(task) and registry.task(task).activation == "sigmoid"


def read(path: Path, error: type[EdgeBenchError], tuned: bool, task: str, classes: Sequence[str] = ()) -> Card:
    """Read the card of `path`: the file beside it with the same name and the suffix .toml.

    Only a task with thresholds needs a card, and thresholds in it unless `tuned` says that they will be chosen on the
    validation records; `task` may be empty where the data decide it later. `classes` are the records', for the error.
    Raises `error`.
    """
    file = path.with_suffix(".toml")
    try:
        if file.stat().st_size > LARGEST:
            raise error(f"{file}: has {file.stat().st_size} bytes; a card has {LARGEST} at most")
        data = toml(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not decides(task):
            return Card()
        least = f"no {file.name} beside it, which {task} needs; write one with at least: {_example(classes)}"
        raise error(f"{path}: {least}; for records of another kind, name them: --dataset") from None
    except OSError as failure:
        raise error(f"{file}: cannot be read ({failure.strerror})") from None
    except ValueError as failure:  # of the encoding, or of the TOML
        raise error(f"{file}: not valid TOML: {failure}") from None
    if problem := _misplaced(data):
        raise error(f"{file}: {problem}")
    card = validated(Card, _written_out(data), str(file), error)
    if decides(task) and not card.classes:
        raise error(f"{file}: classes: is missing: the names of the classes, in the network's order")
    if decides(task) and not card.thresholds and not tuned:
        raise error(f"{file}: no thresholds; add them, or choose them on the validation records: --tune-thresholds")
    return card


def _example(classes: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in classes or ("A", "B"))
    return f"classes = [{names}], thresholds = [{', '.join(['0.5'] * len(classes or 'AB'))}]"


def _misplaced(data: dict[str, Any]) -> Problem | None:
    """What a schema would say in other words than those that help."""
    if "columns" in data:
        return Problem("columns", COLUMNS)
    if type(data.get("output", "")) not in (str, int):
        return expected("output", "the name of an output, or its position", data["output"])
    inner, above = ({f.name for f in fields(kind)} for kind in (CardInput, Card))
    inputs = data.get("input")
    for name in inputs if isinstance(inputs, dict) else ():
        if name in above - inner:
            return Problem(f"input.{name}", f"write {name} above [input]: what follows that line belongs to it")
    return None


def _written_out(data: dict[str, Any]) -> dict[str, Any]:
    """The table with a single number of a mean, a std or a constant as a list, and the earlier name of a way to
    normalise as today's."""
    data, inputs, constants = dict(data), data.get("input"), data.get("constants")
    if isinstance(inputs, dict):
        data["input"] = inputs | {k: (v,) for k, v in inputs.items() if k in ("mean", "std") and _number(v)}
        if inputs.get("per_record") == "max-lead":
            data["input"]["per_record"] = "max-channel"
    if isinstance(constants, dict):
        data["constants"] = {name: (value,) if _number(value) else value for name, value in constants.items()}
    return data


def _number(value: Any) -> bool:
    return type(value) in (int, float)
