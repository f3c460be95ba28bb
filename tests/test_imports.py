"""One direction of imports, and heavy packages only where they are used."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BASE = {
    "about_records",
    "allocator",
    "checking",
    "installing",
    "contracts",
    "measurements",
    "recipe",
    "settings",
    "protocols",
    "errors",
    "problems",
    "records",
    "files",
    "registry",
    "signals",
    "statistics",
    "timings",
    "structure",
    "operations",
    "onnx_constants",
    "options",
    "events",
    "units",
}
ALLOWED = {
    "about_records": {"contracts"},
    "settings": {"contracts"},
    "allocator": set(), "contracts": set(),
    "errors": {"problems"}, "problems": set(), "signals": set(), "statistics": set(),
    "timings": set(),
    "measurements": {"contracts", "settings"},
    "records": {"checking", "contracts", "errors", "measurements", "problems"},
    "checking": {"problems"}, "installing": set(), "telling": {"contracts", "events", "measurements", "records"},
    "device_plan": BASE,
    "recipe": {"contracts", "errors", "problems", "records"}, "protocols": {"contracts", "measurements", "recipe"},
    "files": {"errors"}, "structure": {"errors"}, "operations": set(), "onnx_constants": set(),
    "lens": set(), "options": {"errors"},
    "registry": {"contracts", "errors", "options", "protocols"}, "events": {"contracts", "measurements"},
    "units": {"errors"}, "choosing": {"contracts", "errors", "files", "given", "measurements", "records", "units"},
    "process": {"errors", "files"}, "quantization": {"errors"},
    # The layers: none imports another, they meet in the composers below.
    "data": BASE, "models": BASE | {"card", "quantization"}, "compress": BASE | {"quantization"},
    "exporters": BASE | {"quantization"}, "runtimes": BASE, "measuring": BASE,
    "reports": BASE | {"choosing", "explanation", "run_store"},
    "html": BASE | {"choosing", "explanation", "reports", "run_store"}, "profiles": BASE, "explanation": BASE,
    "bundles": BASE | {"profiles"},
    # The composers.
    "remote": BASE | {"bundles", "process", "telling"},
    "abroad": BASE | {"bundles", "cells", "device_plan", "measuring", "plan", "remote", "run_store"},
    "bundling": BASE | {"artifacts", "bundles", "harness", "measuring", "plan", "profiles", "run_store"},
    "device": BASE | {"bundles", "device_plan", "harness", "measuring", "profiles", "run_store"},
    "device_cli": BASE | {"device", "process", "reports", "telling"},
    "worker": BASE | {"measuring", "process"},
    "training": BASE | {"data", "models", "quantization"},
    "builder": BASE | {"models", "process"},
    "compression": BASE | {"models", "training"}, "compressor": BASE | {"compression", "process", "training"},
    "cgroup": set(), "artifacts": BASE | {"cgroup", "given", "process"},
    "card": BASE, "given": BASE | {"card"},
    "adopt": BASE | {"card", "models", "process"},
    "adoption": BASE | {"artifacts", "card", "measuring", "models", "plan", "process"},
    "run_store": BASE | {"saved"},
    "saved": {"errors", "problems", "records"},
    "plan": BASE | {"device_plan", "measuring", "models", "profiles"},
    "cells": BASE | {"artifacts", "measuring", "profiles"},
    "sources": BASE | {"artifacts", "plan"},
    "building": BASE | {"adoption", "artifacts", "device_plan", "plan", "run_store", "sources"},
    "grid": BASE
    | {"abroad", "artifacts", "building", "cells", "device_plan"}
    | {"measuring", "plan", "process", "profiles", "rounds", "run_store"},
    "rounds": BASE | {"artifacts", "cells", "device_plan", "measuring", "plan", "run_store"},
    "harness": BASE
    | {"adoption", "artifacts", "building", "device_plan", "grid", "measuring", "models", "plan", "process", "profiles"}
    | {"remote", "run_store"},
    "api": BASE
    | {"adoption", "artifacts", "bundles", "bundling", "choosing", "device", "harness", "models", "plan", "run_store"}
    | {"sources", "training"},
    "diagnosis": BASE | {"cgroup", "measuring", "models", "profiles"},
    "search": BASE | {"artifacts", "measuring", "models", "quantization"},
    "weights": BASE | {"lens"}, "comparison": BASE | {"run_store"},
    "model_facts": BASE | {"models"},
}  # fmt: skip
HEAVY = {"torch", "torchvision", "timm", "onnx", "onnxruntime", "onnxscript", "sklearn", "scipy", "pandas", "wfdb"}


def modules() -> list[tuple[str, Path]]:
    """Every product file with the layer that it belongs to."""
    found = [(p.parent.name if p.parent.name != "edgebench" else p.stem, p) for p in (ROOT / "edgebench").rglob("*.py")]
    return found + [("exporters", p) for p in (ROOT / "exporters").glob("*.py")]


def imported(path: Path) -> set[str]:
    """Layers of EdgeBench that a file imports, also inside functions and for types."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgebench"):
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("edgebench.")}
    return found - {"__version__"}


@pytest.mark.parametrize(("layer", "path"), modules(), ids=lambda v: v.name if isinstance(v, Path) else v)
def test_direction(layer: str, path: Path) -> None:
    if layer in ("__init__", "__main__", "cli"):
        return
    wrong = imported(path) - ALLOWED[layer] - {layer}
    assert not wrong, f"{path.name} ({layer}) may not import {sorted(wrong)}"


def files_imported(path: Path, known: dict[str, Path]) -> set[str]:
    """Files of EdgeBench that a file imports, by dotted names; a name of a package is its file where it is one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgebench"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in known else node.module or "" for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(known)


def test_no_circles() -> None:
    """Not within a package either, and not by an import inside of a function."""
    known = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).replace("exporters", "edgebench.exporters"): path
        for _, path in modules()
        if path.name != "__init__.py"
    }
    graph = {name: files_imported(path, known) - {name} for name, path in known.items()}
    assert sum(map(len, graph.values())) > 300, "the imports were found"
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "module",
    [
        "edgebench",
        "edgebench.cli.app",
        "edgebench.harness",
        "edgebench.worker",
        "edgebench.plan",
        "edgebench.data.ptbxl",
        "edgebench.device",
    ],
)
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_agent_needs_the_standard_library_only() -> None:
    """It is sent over as one file, before anything is installed there."""
    tree = ast.parse((ROOT / "edgebench" / "remote" / "agent.py").read_text())
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").partition(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names


def test_the_device_needs_neither_pydantic_nor_typer() -> None:
    code = (
        "import sys, edgebench.device, edgebench.device_cli, edgebench.reports.columns, edgebench.data.bundled;"
        "print({'pydantic', 'typer', 'rich', 'pandas', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_worker_needs_neither_pydantic_nor_typer() -> None:
    code = "import sys, edgebench.worker; print({'pydantic', 'typer', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_public_names() -> None:
    import edgebench

    for name in edgebench.__all__:
        assert getattr(edgebench, name) is not None
    assert {"run", "export", "measure", "report", "train", "fetch", "doctor", "plugins"} <= set(edgebench.__all__)
    with pytest.raises(AttributeError):
        _ = edgebench.nothing
