"""The inputs and outputs that an imported file declares, and the adapter that its card and they make together."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace

from edgebench.core.expected import Expected
from edgebench.core.file_facts import FileFacts, Port
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import Constant, ConstantType, FloatType, FurtherInput, IOAdapter, shown_shape
from edgebench.core.outputs import KINDS, WrongOutput, which
from edgebench.core.problems import InvalidValue
from edgebench.models.card import Card
from edgebench.models.external import trial

FLOATS: dict[str, FloatType] = {"float": "float32", "float16": "float16", "double": "float64"}
"""ONNX's types of signals by the name that onnxruntime gives them."""
OTHERS: dict[str, ConstantType] = {
    "float": "float32", "float16": "float16", "double": "float64", "int64": "int64", "int32": "int32", "bool": "bool"
}  # fmt: skip
"""Types that a constant may have."""
Dimension = int | str | None


class DoesNotFit(ValueError):  # noqa: N818 - the name says what happened
    """A file and its card that do not fit each other or the records; the text is one line."""


def _kind(port: Port) -> str:
    """The type of a port: `float`, `float16`, `int64`."""
    return port.type.removeprefix("tensor(").removesuffix(")")


def _shown(port: Port) -> str:
    return f"{port.name} {shown_shape(port.shape)} {_kind(port)}"


def of_one(feed: IOAdapter) -> IOAdapter:
    """The adapter of a TorchScript file that answers one tensor; raises DoesNotFit where another output was named."""
    if feed.answer in (None, 0, *KINDS):
        return replace(feed, answer=None)
    raise DoesNotFit(f"has no output {feed.answer!r}: it answers one tensor; omit output in its TOML file")


def of_several(feed: IOAdapter, outputs: Sequence[tuple[str | int, str]]) -> IOAdapter:
    """The same for a TorchScript file with these outputs, (key or position, shape); raises DoesNotFit."""
    try:
        return replace(feed, answer=which([key for key, _ in outputs], (shape for _, shape in outputs), feed.answer))
    except WrongOutput as error:
        raise DoesNotFit(str(error)) from None


def fit(found: FileFacts, card: Card, wanted: Expected) -> IOAdapter:
    """The adapter of a file that declares its interface; raises DoesNotFit, InvalidValue."""
    inputs, outputs = found.inputs or (), found.outputs or ()
    for what, ports in (("input", inputs), ("output", outputs)):
        if not ports:
            raise DoesNotFit(f"its graph has no {what}; export the network again")
    signal = _signal(inputs, card, wanted)
    axes, size = _axes(signal, card, wanted)
    if isinstance(size, int) and size > 1:
        raise DoesNotFit(f"takes batches of {size} only; export it with a batch of 1, or with a free one")
    constants = tuple(
        _constant(port, card.constants[port.name], size) for port in inputs if port.name in card.constants
    )
    sources = filled(card, wanted, [port.name for port in inputs if port.name != signal.name])
    named = {card.inputs.get(port.name, port.name): port for port in inputs if port is not signal}
    others = tuple(_further(named[name], wanted.further[name], wanted.label) for name in sources)
    dtype = FLOATS[_kind(signal)]
    if card.input.dtype not in (None, dtype):
        raise DoesNotFit(f"takes signals of {dtype}, but its TOML file says dtype = '{card.input.dtype}'")
    answer = _answer(outputs, card, wanted)
    several = len(outputs) > 1 or isinstance(card.output, int)
    return card.io_adapter(
        wanted, axes, isinstance(size, int), dtype, signal.name if constants or others else "",
        answer if several else None, constants, others,
    )  # fmt: skip


def _signal(ports: Sequence[Port], card: Card, wanted: Expected) -> Port:
    """The input that takes the records."""
    inputs = {port.name: port for port in ports}
    takes = "; ".join(map(_shown, ports))
    for name in card.constants:
        if name not in inputs:
            raise DoesNotFit(f"has no input '{name}' as its TOML file has under [constants]; it takes {takes}")
    taken = filled(card, wanted, list(inputs))
    left = [n for n in inputs if n not in card.constants and card.inputs.get(n, n) not in taken]
    if card.input.name:
        if card.input.name not in left:
            raise DoesNotFit(f"has no input '{card.input.name}' for signals, as its TOML file says; it takes {takes}")
        left = [card.input.name, *(name for name in left if name != card.input.name)]
    shape = shown_shape(("batch", *_first_shape(card, wanted)))
    if not left:
        raise DoesNotFit(f"takes {takes}, and all of these are under [constants]: none is left for records {shape}")
    further = left[1:] if card.input.name else [name for name in left if not _holds(inputs[name], card, wanted)]
    if len(left) > 1:
        named = (further or left)[-1]
        raise DoesNotFit(
            f"takes {takes}; EdgeBench gives the records {shape}: give each other one a value in its TOML file, the "
            f"same for all records: [constants] {named} = {_example(inputs[named])}, or an input of {wanted.label}: "
            f"[inputs] {named} = {next(iter(wanted.further), 'NAME')!r}"
        )
    port = inputs[left[0]]
    if _kind(port) not in FLOATS:
        hint = (
            "; export it with float32 inputs and outputs (keep_io_types=True where the weights are converted)"
            if _kind(port) == "bfloat16" else ""
        )  # fmt: skip
        raise DoesNotFit(f"takes {_shown(port)}; EdgeBench gives values of float32, float16 or float64 (double){hint}")
    return port


def filled(card: Card, wanted: Expected, names: Sequence[str]) -> list[str]:
    """The further inputs of the records that a file with inputs of these names takes, in the records' order.

    Raises DoesNotFit where the card names one that the records or the file lack.
    """
    for name, source in card.inputs.items():
        if source not in wanted.further or name not in names:
            there, whose = (wanted.further, f"{wanted.label} after the first") if name in names else (names, "the file")
            lacks = source if name in names else name
            raise DoesNotFit(
                f"its TOML file says [inputs] {name} = '{source}', but {whose} has no '{lacks}'; there is "
                f"{', '.join(there) or 'none'}"
            )
    return [one for one in wanted.further if card.input_for(one) in names and card.input_for(one) != card.input.name]


def _further(port: Port, spec: InputSpec, label: str) -> FurtherInput:
    """A further input of a file, which that input of the records fills."""
    if not _fits(port.shape[1:], spec.shape):
        raise DoesNotFit(f"takes {_shown(port)}; {label} has {shown_shape(('batch', *spec.shape))} for it")
    if _kind(port) not in OTHERS:
        raise DoesNotFit(f"takes {_shown(port)}; a further input may be {', '.join(OTHERS)}")
    return FurtherInput(port.name, OTHERS[_kind(port)])


def _holds(port: Port, card: Card, wanted: Expected) -> bool:
    """Whether an input can be the records."""
    return _kind(port) in FLOATS and any(_fits(port.shape[1:], shape) for shape in _shapes(card, wanted).values())


def _shapes(card: Card, wanted: Expected) -> dict[tuple[str, ...], tuple[int, ...]]:
    """The shapes of a record that a file may take, by its axes.

    Without a word of the card these are the records' own and, of signals, also with the samples first. Which axis of
    an image is which cannot be guessed from sizes.
    """
    spec = wanted.input
    said = card.input.order(spec, wanted.label)
    orders = [said] if said else [spec.axes, *([spec.axes[::-1]] if spec.axes == ("lead", "sample") else [])]
    plain = IOAdapter(positions=card.positions(wanted))
    return {axes: replace(plain, axes=axes).shape(spec) for axes in orders}


def _first_shape(card: Card, wanted: Expected) -> tuple[int, ...]:
    return next(iter(_shapes(card, wanted).values()))


def _axes(port: Port, card: Card, wanted: Expected) -> tuple[tuple[str, ...], Dimension]:
    """(axes in the file's order, size of a batch) of the input."""
    shapes = _shapes(card, wanted)
    for axes, shape in shapes.items():
        if _fits(port.shape[1:], shape):
            return axes, port.shape[0]
    said = f" ({card.input.layout} by its TOML file)" if card.input.layout else ""
    expected = " or ".join(shown_shape(("batch", *shape)) for shape in shapes.values())
    raise DoesNotFit(f"takes {list(port.shape)}{said}, not {expected}{_hint(port, card, wanted)}")


def _hint(port: Port, card: Card, wanted: Expected) -> str:
    """What to set in the card of a file that takes another shape."""
    spec, sizes = wanted.input, port.shape[1:]
    others = f", the shape of a record of {wanted.label}" if wanted.label else ""
    if len(sizes) != len(spec.shape) or any(not isinstance(size, int) for size in sizes):
        return others
    axis = spec.channel_axis
    fewer = sizes[axis]
    if spec.positions and sizes[:axis] + sizes[axis + 1 :] == spec.shape[:axis] + spec.shape[axis + 1 :]:
        word = f"{spec.axes[axis]}s"
        return (
            f"; name its {fewer} {word}: {word} = [...]"
            if isinstance(fewer, int) and fewer < spec.shape[axis]
            else others
        )
    if not card.input.layout and not card.input.axes and sorted(map(str, sizes)) == sorted(map(str, spec.shape)):
        way = 'layout = "channels-last"' if sizes[-1] == spec.shape[axis] and "channel" in spec.axes else "axes = [...]"
        return f"{others}; say the order of its axes in a TOML file beside it: [input] {way}"
    return others


def _fits(shape: Sequence[Dimension], wanted: Sequence[int]) -> bool:
    """Whether dimensions, of which free ones may be anything, can be these."""
    return len(shape) == len(wanted) and all(
        not isinstance(has, int) or has == want for has, want in zip(shape, wanted, strict=True)
    )


def _constant(port: Port, values: tuple[float, ...], size: Dimension) -> Constant:
    """The card's values for an input; `size` is the first dimension of the signals."""
    if _kind(port) not in OTHERS:
        raise DoesNotFit(f"takes {_shown(port)}, and a constant cannot have this type")
    first = port.shape[0] if port.shape else 0
    batched = bool(port.shape) and (first == size or (len(port.shape) > 1 and not isinstance(first, int)))
    sizes = list(port.shape[1:] if batched else port.shape)
    free = [place for place, size in enumerate(sizes) if not isinstance(size, int)]
    known = math.prod(size for size in sizes if isinstance(size, int))
    for number, place in enumerate(free):  # the first free dimension takes what the others leave
        sizes[place] = max(1, len(values) // max(1, known)) if number == 0 else 1
    shape = tuple(size for size in sizes if isinstance(size, int))
    try:
        return Constant(port.name, values, shape, OTHERS[_kind(port)], batched)
    except InvalidValue as error:
        raise DoesNotFit(f"takes {_shown(port)}; constants.{port.name} in its TOML file: {error}") from None


def _example(port: Port) -> str:
    count = math.prod(d for d in port.shape[1:] if isinstance(d, int))
    return "0.0" if count == 1 else f"[{count} numbers]"


def _answer(outputs: Sequence[Port], card: Card, wanted: Expected) -> str:
    """The name of the output that is scored."""
    try:
        name = which([o.name for o in outputs], [shown_shape(o.shape) for o in outputs], card.output)
    except WrongOutput as error:
        raise DoesNotFit(str(error)) from None
    port = next(o for o in outputs if o.name == name)
    if _kind(port) not in FLOATS:
        raise DoesNotFit(f"answers {_shown(port)}; it must answer float32, float16 or float64 (double)")
    classes = card.outputs(wanted)
    require_count(port.shape, card, wanted)
    if port.shape and len(port.shape) != 2 and not (len(classes) == 1 and len(port.shape) == 1):
        raise DoesNotFit(f"answers {_shown(port)}, not (batch, {len(classes)})")
    return str(name)


def numbered(found: FileFacts, card: Card, wanted: Expected) -> Expected:
    """The same with numbers as names of the outputs, where neither card nor records name any and the file has a count.

    Records without labels need no names.
    """
    outputs = found.outputs or ()
    if card.classes or wanted.classes or not outputs:
        return wanted
    with contextlib.suppress(WrongOutput):
        name = which([o.name for o in outputs], [shown_shape(o.shape) for o in outputs], card.output)
        shape = next(o.shape for o in outputs if o.name == name)
        if len(shape) == 2 and isinstance(shape[1], int):
            return replace(wanted, classes=tuple(map(str, range(shape[1]))))
    return wanted


def require_count(shape: Sequence[Dimension], card: Card, wanted: Expected) -> None:
    """Raise DoesNotFit where an output of this shape has another number of values a record than there are classes."""
    classes = card.outputs(wanted)
    last = shape[-1] if len(shape) > 1 else None
    if isinstance(last, int) and last != len(classes):
        whose = "its TOML file has" if card.classes else f"{wanted.label} has"
        raise DoesNotFit(f"answers {last} numbers a record, but {whose} {trial.named(classes)}")
