"""The tests' fork server (`edgebench.isolation.fork_server`), with the build side's libraries imported.

`python warm_server.py SOCKET`. The children of a command line that is forked from it are forked from it, too.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from edgebench.isolation import fork_server
from edgebench.isolation.child import die_with_parent

HERE = str(Path(__file__).parent)
LIBRARIES = (
    "torch", "torch.ao.quantization.quantize_fx", "torchvision", "timm", "torch_pruning", "onnx", "onnxscript",
    "onnxruntime.quantization", "safetensors.torch", "pandas", "jinja2", "tabulate", "matplotlib.pyplot", "plotly",
    "requests", "wfdb", "rich.live", "rich.table", "typer", "msgspec", "psutil",
)  # fmt: skip


def import_libraries() -> None:
    """What the children have from the start; an export of two weights imports the exporter's many parts."""
    for name in LIBRARIES:
        importlib.import_module(name)
    import torch

    sys.path.append(HERE)
    import onnx_operators

    sys.path.remove(HERE)
    onnx_operators.keep()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a fork has no threads of its parent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes: Any = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            torch.nn.Linear(2, 1).eval(), (torch.zeros(2, 2),), dynamo=True, verbose=False, dynamic_shapes=shapes
        )  # fmt: skip
    torch.set_num_threads(threads)


def prepare(path: str, module: str) -> None:
    """In a child: import EdgeBench from where its PYTHONPATH says; a command's children are forked from here, too.

    The file that WARM_FIRST names runs first, as a sitecustomize.py does in a process that is started.
    """
    for name in [one for one in sys.modules if one.partition(".")[0] == "edgebench"]:
        del sys.modules[name]
    if first := os.environ.get("WARM_FIRST"):
        runpy.run_path(first)
    if module == "edgebench":
        sys.path.append(HERE)
        import warm_children

        warm_children.state["on"] = True
        warm_children.start_from(warm_children.Running(path))
        sys.path.remove(HERE)


if __name__ == "__main__":
    die_with_parent()
    import_libraries()
    gc.set_threshold(100_000)  # as in conftest.py
    fork_server.serve(sys.argv[1], partial(prepare, sys.argv[1]))
