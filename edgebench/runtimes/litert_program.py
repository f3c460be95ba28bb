"""The program that loads a file with LiteRT and predicts."""

from __future__ import annotations

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.python_lines import text, within
from edgebench.runtimes.program_lines import constants, named, quoted, zeros


def program(artifact: Artifact, threads: int) -> Program:
    """Lines for an artifact; 0 threads leave them to LiteRT."""
    feed = artifact.feed
    set_threads = f", num_threads={threads}" if threads else ""
    load = [
        "import numpy as np", "from ai_edge_litert.interpreter import Interpreter", "",
        f'interpreter = Interpreter("{text(artifact.file)}"{set_threads})', "interpreter.allocate_tensors()",
        "ports = interpreter.get_input_details()", "outputs = interpreter.get_output_details()",
    ]  # fmt: skip
    if feed:
        return Program((*load, *_CONVERT), (*_users(artifact), "interpreter.invoke()", *_ANSWER))
    if not artifact.further:
        given = ['interpreter.set_tensor(ports[0]["index"], records)']
    else:
        given = [
            *zeros(artifact.further), "values = [records, *further.values()]", "for port in ports:",
            '    interpreter.set_tensor(port["index"], values[int(port["name"].split("args_")[1].split(":")[0])])',
        ]  # fmt: skip
    answer = 'answer = interpreter.get_tensor(outputs[0]["index"])'
    return Program(tuple(load), (*given, "interpreter.invoke()", answer))


_CONVERT = (
    "", "",
    "def put(port, values):",
    '    scale, zero = port["quantization"]',
    "    if scale:  # the file takes integers",
    '        limits = np.iinfo(port["dtype"])',
    "        values = np.round(values / np.float32(scale)) + zero",
    "        values = np.clip(values, limits.min, limits.max)",
    '    interpreter.set_tensor(port["index"], values.astype(port["dtype"]))',
    "",
)  # fmt: skip
_ANSWER = (
    'answer = interpreter.get_tensor(output["index"])',
    'scale, zero = output["quantization"]',
    "if scale:",
    "    answer = (answer.astype(np.float32) - zero) * np.float32(scale)",
)


def _users(artifact: Artifact) -> list[str]:
    """What a user's file takes: by name, integers by their scale."""
    feed = artifact.feed
    assert feed
    first = quoted(feed.signal) if feed.signal else 'ports[0]["name"]'
    chosen = "output = outputs[0]"
    if isinstance(feed.answer, int):
        chosen = f"output = outputs[{feed.answer}]"
    elif feed.answer:
        chosen = f'output = next(one for one in outputs if one["name"] == {quoted(feed.answer)})'
    return [
        *within("inputs = {", [f"{first}: records"], "}"), *constants(feed, "{}"),
        *named(feed, artifact.further, "{}"), "for port in ports:", '    put(port, inputs[port["name"]])', chosen,
    ]  # fmt: skip
