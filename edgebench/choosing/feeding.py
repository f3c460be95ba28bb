"""Lines of a program that give an imported file what its card says, and take the output that is scored."""

from __future__ import annotations

from collections.abc import Iterator

from edgebench.choosing.python_lines import text, within
from edgebench.core.contracts import Artifact
from edgebench.core.io_adapter import IOAdapter

PER_RECORD = {"zscore": "2", "zscore-record": "(1, 2)", "max": "(1, 2)", "max-lead": "2"}
"""The axes that each normalisation goes over."""


def fed(artifact: Artifact) -> list[str]:
    """How the signals have to be prepared for an imported file."""
    return list(_prepared(artifact.feed, artifact)) if artifact.feed else []


def _prepared(feed: IOAdapter, artifact: Artifact) -> Iterator[str]:
    if rows := feed.rows(artifact.input.positions):
        yield "# The leads that the file takes, in its order."
        yield from within("signals = signals[:, [", map(str, rows), "]]")
    if feed.mean:
        yield from within("mean = np.float32([", map(repr, feed.mean), "])")
        yield from within("std = np.float32([", map(repr, feed.std), "])")
        yield "signals = (signals - mean[:, None]) / std[:, None]"
    if feed.per_record:
        axes = PER_RECORD[feed.per_record]
        if feed.per_record.startswith("max"):
            yield f"size = np.abs(signals).max({axes}, keepdims=True)"
        else:
            yield "signals = signals.astype(np.float64)"
            yield f"signals = signals - signals.mean({axes}, keepdims=True)"
            yield f"size = signals.std({axes}, keepdims=True)"
        yield "signals = (signals / np.where(size > 0, size, 1)).astype(np.float32)"
    if feed.layout == "samples-first":
        yield "signals = np.ascontiguousarray(signals.transpose(0, 2, 1))"
    if feed.dtype in ("float16", "float64"):
        yield f"signals = signals.astype(np.{feed.dtype})"


def run_onnx(feed: IOAdapter | None) -> list[str]:
    """The call of an onnxruntime session; its answer is `answer`."""
    first = "session.get_inputs()[0].name"
    if not feed or (feed.answer is None and not feed.constants):
        return [f"(answer,) = session.run(None, {{{first}: signals}})"]
    name = _quoted(feed.signal) if feed.signal else first
    outputs = "None" if feed.answer is None else f"[{_quoted(feed.answer)}]"
    return [
        *within("inputs = {", [f"{name}: signals"], "}"), *_further(feed, "{}"),
        *within("(answer,) = session.run(", [outputs, "inputs"], ")"),
    ]  # fmt: skip


def run_torchscript(feed: IOAdapter | None, moved: str, back: str) -> list[str]:
    """The call of a TorchScript module; its answer is `answer`. `moved` and `back` take tensors to a GPU and back."""
    if not feed or (feed.answer is None and feed.dtype == "float32" and not feed.constants):
        call = f"module(torch.from_numpy(signals){moved}){back}.numpy()"
        return ["with torch.inference_mode():", f"    answer = {call}"]
    half = ".bfloat16()" if feed.dtype == "bfloat16" else ""
    return [
        "inputs = {}", *_further(feed, f"torch.from_numpy({{}}){moved}"),
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


def _quoted(name: object) -> str:
    return f'"{text(str(name))}"'
