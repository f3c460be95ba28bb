"""Where examples are carried out: a folder, a terminal in it, a server with PTB-XL, and a device over SSH."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from doc_blocks import ROOT, Block
from helpers import make_ptbxl
from ssh_server import Server

from edgebench.core.files import sha256

RECORDS = 60
"""So many have two small batches of labelled ones among the training folds."""
TERMINAL = """
edgebench() {{ "{python}" "{short}" "$(type -P edgebench)" "$@"; }}
if [ -f "{state}" ]; then . "{state}"; fi
trap 'printf "export PATH=%q\\n" "$PATH" > "{state}"' EXIT
"""
"""What bash reads first: a quick `edgebench`, and the PATH that an earlier block has left."""


@dataclass(frozen=True)
class PhysioNet:
    """A small PTB-XL of noise, and where a server has it."""

    folder: Path
    url: str


@contextmanager
def physionet(folder: Path) -> Iterator[PhysioNet]:
    """Serve a small PTB-XL as PhysioNet lays it out, until the block ends."""
    make_ptbxl(folder, RECORDS)
    names = sorted(f for f in folder.rglob("*") if f.is_file())
    (folder / "SHA256SUMS.txt").write_text("".join(f"{sha256(f)}  {f.relative_to(folder)}\n" for f in names))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield PhysioNet(folder, f"http://127.0.0.1:{server.server_address[1]}/")
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Place:
    """A folder in which blocks are carried out one after the other, as by someone who follows the page."""

    folder: Path
    tools: Path
    environment: dict[str, str] = field(default_factory=dict)
    device: Path | None = None
    """The home folder of the device."""
    added: dict[str, str] = field(default_factory=dict)
    """Lines that a file gets here besides the page's, by its name."""

    def carry_out(self, block: Block) -> str:
        """Write a file, or run a shell's or Python's text; returns what went wrong, or an empty text."""
        if block.mark.startswith("tested file "):
            path = self.folder / block.mark.removeprefix("tested file ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + self.added.get(path.name, ""))
            return ""
        there = block.mark == "tested on the device"
        folder, environment = self._there() if there else (self.folder, self._here())
        command = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[block.language]
        done = subprocess.run(
            [*command, block.text], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )  # fmt: skip
        return f"{block.where}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}" if done.returncode else ""

    def _here(self) -> dict[str, str]:
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **self._terminal("here"), "PATH": path, **self.environment}

    def _there(self) -> tuple[Path, dict[str, str]]:
        """The device has its own home, and nothing of this test's Python but what a page says that it needs."""
        assert self.device
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "EDGEBENCH"))}
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        site = str(self.tools / "device-packages")
        return self.device, clean | self._terminal("there") | {
            "PATH": path, "HOME": str(self.device), "PYTHONPATH": site, "PIP_NO_DEPS": "1", "DOC_URL": "",
        }  # fmt: skip

    def _terminal(self, name: str) -> dict[str, str]:
        start, done = self.tools / f"{name}.bash", self.tools / f"{name}.done"
        short = ROOT / "tests" / "support" / "doc_short.py"
        start.write_text(TERMINAL.format(python=sys.executable, short=short, state=self.tools / f"{name}.state"))
        return {"BASH_ENV": str(start), "DOC_DONE": str(done), "COLUMNS": "120"}


def tool(folder: Path, name: str, text: str) -> None:
    """A program of that name for the terminal; -p keeps it from reading what the terminal reads first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash -p\n{text}\n")
    (folder / name).chmod(0o755)


def place(folder: Path, url: str, warm: str) -> Place:
    """A folder with `edgebench` from the warm server, and the published runs where a checkout has them."""
    made = Place(folder / "work", folder / "tools", {"DOC_URL": url, "DOC_WARM": warm})
    tool(made.tools, "edgebench", f'exec "{sys.executable}" -m edgebench "$@"')
    tool(made.tools, "python3", f'exec "{sys.executable}" "$@"')
    (made.folder / "results").mkdir(parents=True)
    (made.folder / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    return made


def with_checkout(made: Place) -> None:
    """The folder becomes a copy of the checkout, and pip takes the packages that are here: it downloads nothing."""
    skip = shutil.ignore_patterns(
        ".git", ".venv*", "build", "*.egg-info", "__pycache__", "results", ".*_cache", "tests"
    )
    shutil.copytree(ROOT, made.folder, ignore=skip, dirs_exist_ok=True)
    site = made.tools / "packages"
    site.mkdir()
    for path in (p for folder in sys.path if folder.endswith("-packages") for p in Path(folder).iterdir()):
        own = path.name.startswith(("edgebench", "__editable__", "pip")) or path.suffix == ".pth"
        if not own and not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    del made.environment["DOC_WARM"]  # its edgebench is the one that pip has installed
    made.environment["DOC_EXPORTERS"] = "onnx-int8"  # made of the graph of `onnx`; others import torch in each process
    made.environment |= {"PYTHONPATH": str(site), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}


def with_device(made: Place, server: Server) -> None:
    """The device `pi@raspberrypi`, played by a server of this machine, with the three packages that a page names."""
    made.device = server.home
    host = f"{getpass.getuser()}@board"
    for name in ("ssh", "sftp"):
        words = f'"${{@//pi@raspberrypi/{host}}}"'
        tool(made.tools, name, f'exec "$(type -ap {name} | sed -n 2p)" -F "{server.config}" {words}')
    words = f'"${{@//pi@raspberrypi:/{host}:{server.home}/}}"'
    tool(made.tools, "scp", f'exec "$(type -ap scp | sed -n 2p)" -q -F "{server.config}" {words}')
    site = made.tools / "device-packages"
    site.mkdir()
    for name in ("msgspec", "numpy", "psutil", "onnxruntime"):
        found = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
