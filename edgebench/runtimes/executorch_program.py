"""The program that loads a file with ExecuTorch and predicts."""

from __future__ import annotations

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.python_lines import text
from edgebench.runtimes.program_lines import zeros


def program(artifact: Artifact, threads: int) -> Program:
    """Lines for an artifact; 0 threads leave them to ExecuTorch."""
    library = ["from executorch.extension.pybindings import portable_lib"] if threads else []
    set_threads = [f"portable_lib._unsafe_reset_threadpool({threads})  # as measured"] if threads else []
    load = [
        "import numpy as np", "import torch", *library, "from executorch.runtime import Runtime", "", *set_threads,
        f'program = Runtime.get().load_program("{text(artifact.file)}")', 'method = program.load_method("forward")',
    ]  # fmt: skip
    if not artifact.further:
        return Program(tuple(load), ("answer = method.execute([torch.from_numpy(records)])[0].numpy()",))
    given = "inputs = [torch.from_numpy(one) for one in (records, *further.values())]"
    return Program(tuple(load), (*zeros(artifact.further), given, "answer = method.execute(inputs)[0].numpy()"))
