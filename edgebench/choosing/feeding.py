"""Lines of a program that give an imported file what its card says, and take the output that is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgebench.choosing.python_lines import text, within
from edgebench.core.contracts import Artifact
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter


def fed(artifact: Artifact) -> list[str]:
    """How the records have to be prepared for an imported file."""
    return list(_prepared(artifact.feed, artifact)) if artifact.feed else []


def _prepared(feed: IOAdapter, artifact: Artifact) -> Iterator[str]:
    spec = artifact.input
    axis = spec.channel_axis
    after = f"[:{', None' * (len(spec.axes) - 1 - axis)}]" if len(spec.axes) - 1 > axis else ""
    if rows := feed.rows(spec):
        yield f"# The {text(spec.axes[axis])}s that the file takes, in its order."
        yield from within(f"signals = signals[:, {':, ' * axis}[", map(str, rows), "]]")
    if feed.mean:
        yield from within("mean = np.float32([", map(repr, feed.mean), "])")
        yield from within("std = np.float32([", map(repr, feed.std), "])")
        yield f"signals = (signals - mean{after}) / std{after}"
    if feed.per_record:
        alone = feed.per_record in ("zscore", "max-channel")
        over = [n + 1 for n in range(len(spec.axes)) if not (alone and n == axis)]
        axes = over[0] if len(over) == 1 else tuple(over)
        if feed.per_record.startswith("max"):
            yield f"size = np.abs(signals).max({axes}, keepdims=True)"
        else:
            yield "signals = signals.astype(np.float64)"
            yield f"signals = signals - signals.mean({axes}, keepdims=True)"
            yield f"size = signals.std({axes}, keepdims=True)"
        yield "signals = (signals / np.where(size > 0, size, 1)).astype(np.float32)"
    if turned := feed.turned(spec):
        order = ", ".join(str(place + 1) for place in turned)
        yield f"signals = np.ascontiguousarray(signals.transpose(0, {order}))"
    if feed.dtype in ("float16", "float64"):
        yield f"signals = signals.astype(np.{feed.dtype})"


def run_onnx(feed: IOAdapter | None, further: Mapping[str, InputSpec]) -> list[str]:
    """The call of an onnxruntime session; its answer is `answer`."""
    first = "session.get_inputs()[0].name"
    if not feed and further:
        names = "[one.name for one in session.get_inputs()]"
        return [*_zeros(further), *within("inputs = dict(zip(", [names, "[signals, *further.values()]"], "))"),
                "(answer,) = session.run(None, inputs)"]  # fmt: skip
    if not feed or (feed.answer is None and not feed.constants and not feed.further):
        return [f"(answer,) = session.run(None, {{{first}: signals}})"]
    name = _quoted(feed.signal) if feed.signal else first
    outputs = "None" if feed.answer is None else f"[{_quoted(feed.answer)}]"
    return [
        *within("inputs = {", [f"{name}: signals"], "}"), *_further(feed, "{}"), *_named(feed, further, "{}"),
        *within("(answer,) = session.run(", [outputs, "inputs"], ")"),
    ]  # fmt: skip


def run_torchscript(feed: IOAdapter | None, further: Mapping[str, InputSpec], moved: str, back: str) -> list[str]:
    """The call of a TorchScript module; its answer is `answer`. `moved` and `back` take tensors to a GPU and back."""
    if not feed and further:
        others = f"others = [torch.from_numpy(one){moved} for one in further.values()]"
        call = f"    answer = module(torch.from_numpy(signals){moved}, *others){back}.numpy()"
        return [*_zeros(further), others, "with torch.inference_mode():", call]
    if not feed or (feed.answer is None and feed.dtype == "float32" and not feed.constants and not feed.further):
        call = f"module(torch.from_numpy(signals){moved}){back}.numpy()"
        return ["with torch.inference_mode():", f"    answer = {call}"]
    half = ".bfloat16()" if feed.dtype == "bfloat16" else ""
    return [
        "inputs = {}", *_further(feed, f"torch.from_numpy({{}}){moved}"),
        *_named(feed, further, f"torch.from_numpy({{}}){moved}"),
        f"batch = torch.from_numpy(signals){moved}{half}",
        "with torch.inference_mode():",
        "    answer = module(batch, **inputs)",
        *([] if feed.answer is None else _chosen(feed.answer)),
        f"answer = answer.float(){back}.numpy()",
    ]  # fmt: skip


def _chosen(answer: str | int) -> list[str]:
    """The output that is scored: of a tuple by its position, of a dict or a named tuple by its name."""
    if isinstance(answer, int):
        return [f"answer = answer[{answer}]"]
    found = ["if isinstance(answer, dict):", *within("    answer = answer[", [_quoted(answer)], "]")]
    return [*found, "elif isinstance(answer, tuple):", f"    answer = getattr(answer, {_quoted(answer)})"]


def _further(feed: IOAdapter, converted: str) -> list[str]:
    """The further inputs, in the dict `inputs`; `converted` makes of an array what the runtime takes."""
    lines: list[str] = []
    for constant in feed.constants:
        kind = "np.bool_" if constant.dtype == "bool" else f"np.{constant.dtype}"
        shape = ", ".join(map(str, (1, *constant.shape) if constant.batched else constant.shape))
        lines += within("values = np.array([", map(repr, constant.values), f"], {kind})")
        lines.append(f"values = values.reshape({shape or '()'})")
        if constant.batched:
            lines.append("values = np.repeat(values, len(signals), 0)")
        lines += within("inputs[", [_quoted(constant.name)], f"] = {converted.format('values')}")
    return lines


def _zeros(further: Mapping[str, InputSpec]) -> list[str]:
    """The further inputs of the records, in the dict `further`."""
    lines = ["# The further inputs, in the order of the artifact.", "further = {}"]
    for name, spec in further.items():
        lines.append(f"values = np.zeros((1, {', '.join(map(str, spec.shape))}), np.float32)  # yours here")
        lines += within("further[", [_quoted(name)], "] = values")
    return lines


def _named(feed: IOAdapter, further: Mapping[str, InputSpec], converted: str) -> list[str]:
    """The same for a user's file, by its own names and types, in the dict `inputs`."""
    lines: list[str] = []
    for one, spec in zip(feed.further, further.values(), strict=True):
        kind = "np.bool_" if one.dtype == "bool" else f"np.{one.dtype}"
        lines.append(f"values = np.zeros((1, {', '.join(map(str, spec.shape))}), {kind})  # yours here")
        lines += within("inputs[", [_quoted(one.name)], f"] = {converted.format('values')}")
    return lines


def _quoted(name: object) -> str:
    return f'"{text(str(name))}"'
