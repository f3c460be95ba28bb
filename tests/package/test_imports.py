"""One direction of imports, and heavy packages only where they are used."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    "core", "isolation", "tasks", "data", "quantization", "models", "runtimes", "measuring", "training", "compress",
    "artifacts", "exporters", "search", "remote", "pipeline", "fleet", "choosing", "reports", "optimization",
    "diagnosis", "reading", "api", "searching", "cli",
    "__main__",
)  # fmt: skip
"""Packages and the modules at the top, in the order of docs/design.md: each may import those before it."""
HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "sklearn",
    "scipy",
    "pandas",
    "wfdb",
    "av",
    "PIL",
    "openvino",
    "nncf",
    "executorch",
    "torchao",
    "litert_torch",
    "optuna",
    "ai_edge_litert",
    "ai_edge_quantizer",
    "distributed",
    "dask",
}


def modules() -> dict[str, Path]:
    """Every product file by its dotted name, without the leading `edgebench.`."""
    found = {
        ".".join(p.relative_to(ROOT / "edgebench").with_suffix("").parts): p for p in (ROOT / "edgebench").rglob("*.py")
    }
    found |= {f"exporters.{p.stem}": p for p in (ROOT / "exporters").glob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in found.items() if name != "__init__"}


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Files of EdgeBench that a file imports, also inside functions and for types."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "edgebench":
            home = (node.module or "").partition(".")[2]
            names = [f"{home}.{alias.name}".strip(".") for alias in node.names]
            found |= {name if name in MODULES else home for name in names}
        elif isinstance(node, ast.Import):
            found |= {a.name.partition(".")[2] for a in node.names if a.name.startswith("edgebench.")}
    return found & set(MODULES)


def layer(name: str) -> int:
    """The position of a file's package."""
    return LAYERS.index(name.partition(".")[0])


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    wrong = {other for other in imports(MODULES[name]) if layer(other) > layer(name)}
    assert not wrong, f"{name} may not import {sorted(wrong)}"


def test_no_two_files_import_each_other() -> None:
    """Not within a package either, and not by an import inside of a function."""
    graph = {name: imports(path) - {name} for name, path in MODULES.items() if path.name != "__init__.py"}
    assert sum(map(len, graph.values())) > 300, "the imports were found"
    assert list(graphlib.TopologicalSorter(graph).static_order())


WITHOUT_MIRROR = {
    "records and protocols: no statement but declarations and their text": (
        "core/file_facts core/job_results core/progress core/protocols core/results core/tasks"
    ),
    "a call of one function for each verb; that function's file has the tests": "api searching",
    "flags to one call of api or a view, and its result to lines: tests/cli goes through them command by command": (
        "cli/bundle cli/optimize cli/quantize cli/run cli/train"
    ),
}
"""Modules without a test file of their own, by the reason."""


def test_tests_mirror_the_tree() -> None:
    """A module of more than 40 lines has tests/<package>/test_<module>.py or a reason; the list names no other."""
    home = ROOT / "edgebench"
    long = [p for p in home.rglob("*.py") if p.name != "__init__.py" and len(p.read_text().splitlines()) > 40]
    names = {p.relative_to(home).with_suffix("").as_posix(): p.relative_to(home) for p in long}
    without = {n for n, p in names.items() if not (ROOT / "tests" / p.parent / f"test_{p.name}").exists()}
    assert without == {name for listed in WITHOUT_MIRROR.values() for name in listed.split()}


def test_few_modules_lie_at_the_top_and_files_are_short() -> None:
    assert len(list((ROOT / "edgebench").glob("*.py"))) <= 8
    assert {name: n for name, p in MODULES.items() if (n := len(p.read_text().splitlines())) > 300} == {}


def loaded(imported: str, names: set[str]) -> set[str]:
    """Which of these packages a fresh process has loaded after an import."""
    code = f"import sys, {imported}; print(' '.join({names!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "edgebench",
        "edgebench.cli.app",
        "edgebench.pipeline.harness",
        "edgebench.pipeline.plan",
        "edgebench.data.ptbxl.dataset",
        "edgebench.data.echonet.dataset",
        "edgebench.data.image_folder.dataset",
        "edgebench.data.cifar10.dataset",
        "edgebench.data.own_arrays.dataset",
    ],
)
def test_importing_is_light(module: str) -> None:
    assert loaded(module, HEAVY) == set()


def test_the_agent_needs_the_standard_library_only() -> None:
    """It is sent over as one file, before anything is installed there."""
    tree = ast.parse((ROOT / "edgebench" / "remote" / "agent.py").read_text())
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").partition(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "module",
    ["pipeline.bundle_plan", "cli.device", "reports.columns", "data.bundled", "measuring.worker"],
)
def test_the_device_side_is_light(module: str) -> None:
    assert loaded(f"edgebench.{module}", HEAVY | {"pydantic", "typer", "rich"}) == set()


def test_public_names() -> None:
    import edgebench

    for name in edgebench.__all__:
        assert getattr(edgebench, name) is not None
    assert {"run", "export", "measure", "report", "train", "fetch", "doctor", "plugins"} <= set(edgebench.__all__)
    with pytest.raises(AttributeError):
        _ = edgebench.nothing


def test_no_package_hides_a_public_function() -> None:
    """`import edgebench.NAME.x` would set the attribute NAME to the package."""
    import edgebench

    assert set(edgebench.__all__).isdisjoint(name.partition(".")[0] for name in MODULES)
