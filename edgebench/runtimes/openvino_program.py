"""The program that loads a file with OpenVINO and predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.python_lines import text, within
from edgebench.runtimes.program_lines import constants, named, quoted, zeros


def program(artifact: Artifact, settings: Mapping[str, Any]) -> Program:
    """Lines for an artifact, compiled with these settings; 0 threads leave them to OpenVINO."""
    used = {name: value for name, value in settings.items() if name != "INFERENCE_NUM_THREADS" or value}
    lines = [
        "import numpy as np", "import openvino", "",
        "core = openvino.Core()", f'model = core.read_model("{text(artifact.file)}")',
    ]  # fmt: skip
    if artifact.batch and artifact.file.endswith(".onnx"):
        for number, spec in enumerate((artifact.input, *artifact.further.values())):
            shape = ", ".join(map(str, (artifact.batch, *spec.shape)))
            lines.append(f"model.reshape({{model.input({number}): [{shape}]}})")
    lines += within("settings = {", (f'"{name}": {value!r}'.replace("'", '"') for name, value in used.items()), "}")
    return Program((*lines, 'compiled = core.compile_model(model, "CPU", settings)'), tuple(_predict(artifact)))


def _predict(artifact: Artifact) -> list[str]:
    feed, further = artifact.feed, artifact.further
    if not feed and further:
        return [*zeros(further), "answer = compiled([records, *further.values()])[0]"]
    if not feed or (feed.answer is None and not feed.constants and not feed.further):
        return ["answer = compiled(records)[0]"]
    first = quoted(feed.signal) if feed.signal else "compiled.input(0)"
    output = "0" if feed.answer is None else quoted(feed.answer)
    return [
        *within("inputs = {", [f"{first}: records"], "}"), *constants(feed, "{}"), *named(feed, further, "{}"),
        *within("answer = compiled(inputs)[", [output], "]"),
    ]  # fmt: skip
