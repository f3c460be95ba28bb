"""The program that loads an ONNX file with ONNX Runtime and predicts."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.python_lines import text, within
from edgebench.runtimes.program_lines import constants, named, quoted, zeros


def program(artifact: Artifact, provider: str, threads: int) -> Program:
    """Lines for an artifact with one of onnxruntime's execution providers."""
    limited = [f"options.intra_op_num_threads = {threads}  # as measured"] if threads else []
    file = f'"{text(artifact.file)}"'
    load = [
        "import numpy as np", "import onnxruntime", "", "options = onnxruntime.SessionOptions()", *limited,
        *within("session = onnxruntime.InferenceSession(", [file, "options", f'providers=["{provider}"]'], ")"),
    ]  # fmt: skip
    return Program(tuple(load), tuple(_predict(artifact.feed, artifact.further)))


def _predict(feed: IOAdapter | None, further: Mapping[str, InputSpec]) -> list[str]:
    first = "session.get_inputs()[0].name"
    if not feed and further:
        names = "[one.name for one in session.get_inputs()]"
        return [*zeros(further), *within("inputs = dict(zip(", [names, "[records, *further.values()]"], "))"),
                "(answer,) = session.run(None, inputs)"]  # fmt: skip
    if not feed or (feed.answer is None and not feed.constants and not feed.further):
        return [f"(answer,) = session.run(None, {{{first}: records}})"]
    name = quoted(feed.signal) if feed.signal else first
    outputs = "None" if feed.answer is None else f"[{quoted(feed.answer)}]"
    return [
        *within("inputs = {", [f"{name}: records"], "}"), *constants(feed, "{}"), *named(feed, further, "{}"),
        *within("(answer,) = session.run(", [outputs, "inputs"], ")"),
    ]  # fmt: skip
