"""The program that loads a TorchScript file and predicts."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.python_lines import text, within
from edgebench.runtimes.program_lines import constants, named, quoted, zeros


def program(artifact: Artifact, device: str, engine: str, threads: int) -> Program:
    """Lines for an artifact on a device; `engine` is torch's quantized engine on that target."""
    before = [f"torch.set_num_threads({threads})  # as measured"] if threads else []
    engine = (artifact.engine or engine) if artifact.precision != "fp32" else ""
    if engine:
        before.append(f'torch.backends.quantized.engine = "{text(engine)}"  # int8 runs under whichever is set')
    moved, back = ('.to("cuda")', ".cpu()") if device == "cuda" else ("", "")
    load = [
        "import numpy as np", "import torch", "", *before,
        *within("module = torch.jit.load(", [f'"{text(artifact.file)}"', f'map_location="{device}"'], ")"),
    ]  # fmt: skip
    return Program(tuple(load), tuple(_predict(artifact.feed, artifact.further, moved, back)))


def _predict(feed: IOAdapter | None, further: Mapping[str, InputSpec], moved: str, back: str) -> list[str]:
    """`moved` and `back` take tensors to a GPU and back."""
    if not feed and further:
        others = f"others = [torch.from_numpy(one){moved} for one in further.values()]"
        call = f"    answer = module(torch.from_numpy(records){moved}, *others){back}.numpy()"
        return [*zeros(further), others, "with torch.inference_mode():", call]
    if not feed or (feed.answer is None and feed.dtype == "float32" and not feed.constants and not feed.further):
        call = f"module(torch.from_numpy(records){moved}){back}.numpy()"
        return ["with torch.inference_mode():", f"    answer = {call}"]
    half = ".bfloat16()" if feed.dtype == "bfloat16" else ""
    return [
        "inputs = {}", *constants(feed, f"torch.from_numpy({{}}){moved}"),
        *named(feed, further, f"torch.from_numpy({{}}){moved}"),
        f"batch = torch.from_numpy(records){moved}{half}",
        "with torch.inference_mode():",
        "    answer = module(batch, **inputs)",
        *([] if feed.answer is None else _chosen(feed.answer)),
        f"answer = answer.float(){back}.numpy()",
    ]  # fmt: skip


def _chosen(answer: str | int) -> list[str]:
    """The output that is scored: of a tuple by its position, of a dict or a named tuple by its name."""
    if isinstance(answer, int):
        return [f"answer = answer[{answer}]"]
    found = ["if isinstance(answer, dict):", *within("    answer = answer[", [quoted(answer)], "]")]
    return [*found, "elif isinstance(answer, tuple):", f"    answer = getattr(answer, {quoted(answer)})"]
