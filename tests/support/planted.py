"""Files with the names of modules that Python or a library imports; each leaves a mark when it runs."""

from __future__ import annotations

from pathlib import Path

NAMES = (
    "signal", "json", "numpy", "typing", "torch", "onnxruntime", "psutil", "random", "sitecustomize", "subprocess",
    "msgspec", "typer", "pandas", "hashlib", "selectors", "platform", "zipfile", "pip", "usercustomize",
)  # fmt: skip
MARK = 'open(__file__ + ".ran", "w").close()\nraise SystemExit("a file of the working directory was run")\n'


def plant(folder: Path, *more: str) -> Path:
    """Write them into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*NAMES, *more):
        (folder / f"{name}.py").write_text(MARK)
    return folder


def ran(folder: Path) -> list[str]:
    """Which of them ran."""
    return sorted(path.name.removesuffix(".py.ran") for path in folder.glob("*.ran"))
