"""The program that loads a file with LiteRT and predicts."""

from __future__ import annotations

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.python_lines import text
from edgebench.runtimes.program_lines import zeros


def program(artifact: Artifact, threads: int) -> Program:
    """Lines for an artifact; 0 threads leave them to LiteRT."""
    set_threads = f", num_threads={threads}" if threads else ""
    load = (
        "import numpy as np", "from ai_edge_litert.interpreter import Interpreter", "",
        f'interpreter = Interpreter("{text(artifact.file)}"{set_threads})', "interpreter.allocate_tensors()",
        "output = interpreter.get_output_details()[0]",
    )  # fmt: skip
    if not artifact.further:
        given = ['interpreter.set_tensor(interpreter.get_input_details()[0]["index"], records)']
    else:
        given = [
            *zeros(artifact.further), "values = [records, *further.values()]",
            'for port in interpreter.get_input_details():',
            '    interpreter.set_tensor(port["index"], values[int(port["name"].split("args_")[1].split(":")[0])])',
        ]  # fmt: skip
    return Program(load, (*given, "interpreter.invoke()", 'answer = interpreter.get_tensor(output["index"])'))
