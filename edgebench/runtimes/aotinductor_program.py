"""The program that loads a package of AOTInductor and predicts."""

from __future__ import annotations

from edgebench.core.contracts import Artifact
from edgebench.core.file_facts import Program
from edgebench.core.python_lines import text
from edgebench.runtimes.program_lines import zeros


def program(artifact: Artifact, threads: int) -> Program:
    """Lines for an artifact; 0 threads leave them to torch."""
    load = [
        "import numpy as np", "import torch", "",
        *([f"torch.set_num_threads({threads})  # as measured"] if threads else []),
        f'module = torch._inductor.aoti_load_package("{text(artifact.file)}")',
    ]  # fmt: skip
    given = "torch.from_numpy(records)"
    if artifact.further:
        given = "*(torch.from_numpy(one) for one in (records, *further.values()))"
    predict = ["with torch.inference_mode():", f"    answer = module({given}).numpy()"]
    return Program(tuple(load), (*zeros(artifact.further), *predict))
