"""Shared code of the AOTInductor exporters: a captured network compiled to machine code, as one .pt2 file."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from edgebench.core.errors import Unsupported, first_line
from edgebench.core.protocols import ExportTask

LEFT_OUT = (".cpp", ".data/version", "byteorder", ".data/serialization_id")
"""Records of a package that only a later compilation would read; the sources have paths of this machine."""


def require_compiler() -> None:
    """Raise Unsupported where this machine cannot compile."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unsupported("AOTInductor is offered on Linux on x86-64 only")
    compiler = os.environ.get("CXX", "g++")
    if not shutil.which(compiler):
        raise Unsupported(f"AOTInductor compiles with {compiler}, which is not here: apt-get install g++, or set CXX")


def write(module: nn.Module, task: ExportTask) -> dict[str, Any]:
    """Write model.pt2 for one record a call; returns the fields of `Exported` that this decides. Raises Unsupported."""
    import torch

    from edgebench.quantization.pt2e import quiet

    path, made = task.folder / "model.pt2", task.scratch / "aotinductor.pt2"
    try:
        with quiet(), torch.no_grad(), _cache(task.scratch / "aotinductor") as cache:
            program = torch.export.export(module, task.zeros(1))
            torch._inductor.aoti_compile_and_package(
                program, package_path=str(made), inductor_configs=_settings(task.options)
            )
            _copy(made, path, (str(cache), str(Path(torch.__file__).parent.parent)))
    except Exception as error:  # each pass over the graph raises its own kinds, and so does the compiler
        raise Unsupported(f"AOTInductor: {type(error).__name__}: {first_line(error)[:300]}") from error
    finally:
        made.unlink(missing_ok=True)
    return {"file": path, "fixed_batch": 1}


def _settings(options: Mapping[str, str]) -> dict[str, Any]:
    from torch._inductor import cpu_vec_isa

    wide = options.get("vectors") != "avx2" and "avx512" in str(cpu_vec_isa.pick_vec_isa())
    return {
        "freezing": True,
        "cpp.march": "x86-64-v4" if wide else "x86-64-v3",  # not the machine's own, which the file does not name
        "cpp.simdlen": 512 if wide else 256,
        "cpp.dynamic_threads": True,  # otherwise it runs as many threads as this process has now
        "aot_inductor.enable_line_tables": False,
    }


@contextmanager
def _cache(folder: Path) -> Iterator[Path]:
    """Let Inductor keep its files in a folder."""
    name = "TORCHINDUCTOR_CACHE_DIR"
    before = os.environ.get(name)
    os.environ[name] = str(folder)
    try:
        yield folder
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _copy(source: Path, target: Path, folders: tuple[str, ...]) -> None:
    """Copy a package without its sources, and without these folders of this machine in its texts."""
    import torch

    reader = torch._C.PyTorchFileReader(str(source))
    writer = torch._C.PyTorchFileWriter(str(target))
    for name in reader.get_all_records():
        if not name.endswith(LEFT_OUT):
            content = reader.get_record(name)
            for folder in folders:  # of equal length, since other places of the code point behind them
                content = content.replace(folder.encode(), b"/" * len(folder.encode()))
            writer.write_record(name, content, len(content))
    writer.write_end_of_file()
