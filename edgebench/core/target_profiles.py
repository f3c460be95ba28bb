"""Target profiles: one TOML file a device, and `host`, which is this machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from edgebench.core.cells import Target
from edgebench.core.errors import PlanError
from edgebench.core.problems import meant, not_among
from edgebench.core.toml_file import require_small, toml
from edgebench.core.validation import validated

HOST = "host"
SAFE = re.compile(r"(?!.*\.\.)[\w.][\w./-]*")
"""A folder that stays inside the one that it is in."""
ENGINES = {"x86_64": "fbgemm", "aarch64": "qnnpack"}
"""torch's quantized engine of each architecture; on x86, FBGEMM's kernels are the fastest for int8 TorchScript."""
ALSO = {"fbgemm": ("x86", "onednn")}
"""Engines that are there wherever another one is: torch's x86 builds have all three."""
RUNS_ON = {
    "fbgemm": "--target x86-cpu", "x86": "--target x86-cpu", "onednn": "--target x86-cpu",
    "qnnpack": "--target arm-qnnpack",
}  # fmt: skip
"""A shipped target of each engine, named where another target lacks it."""


@dataclass(frozen=True)
class Fit:
    """Whether an exporter's artifacts make sense on a target, seen from this machine."""

    reason: str = ""
    """Why the pair is unsupported; empty when it is not."""
    emulated: bool = False
    """The target is another kind of device, or this one is not real: size and score count, latency is not ranked."""
    because: str = ""
    """What emulates this machine; empty where the machine is real."""


def names() -> list[str]:
    """`host` and the profiles that come with EdgeBench."""
    shipped = (p.name for p in files("edgebench.targets").iterdir() if p.name.endswith(".toml"))
    return [HOST, *sorted(name.removesuffix(".toml") for name in shipped)]


def find(name: str, machine: Mapping[str, Any]) -> Target:
    """The profile of a name, or of a path to a TOML file; raises PlanError."""
    if name == HOST:
        return host(machine)
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise PlanError(f"{path}: {'a folder, not a' if path.exists() else 'no such'} target profile")
        try:
            require_small(path)
            data = path.read_bytes()
        except ValueError as error:
            raise PlanError(f"{path}: not a target profile: {error}") from None
        except OSError as error:
            raise PlanError(f"{path}: cannot read the profile ({error.strerror})") from None
    elif name in names():
        data = files("edgebench.targets").joinpath(f"{name}.toml").read_bytes()
    else:
        near = meant(name, names())
        known = f"known: {', '.join(names())}, or a path to a TOML profile"
        raise PlanError(f"unknown target '{name}'; {known}{near and f'; {near}'}")
    try:
        profile = toml(data.decode())
    except UnicodeDecodeError:
        raise PlanError(f"{name}: not a target profile: not a text file in UTF-8") from None
    except ValueError as error:
        raise PlanError(f"{name}: not valid TOML: {error}") from None
    target = validated(Target, profile, name, PlanError)
    if target.quantized_engine and target.quantized_engine not in RUNS_ON:
        raise PlanError(f"{name}: {not_among('quantized_engine', list(RUNS_ON), target.quantized_engine)}")
    _check_ssh(target, name)
    return target


def _check_ssh(target: Target, name: str) -> None:
    """Raise PlanError where ssh would take a field for something else than it is."""
    if target.ssh and not re.fullmatch(r"(?!-)[\w.@:%\[\]+-]+", target.ssh):
        raise PlanError(f"{name}: ssh is '{target.ssh}'; it must be a host as ssh takes it, such as pi@raspberrypi")
    if not SAFE.fullmatch(target.ssh_folder):
        raise PlanError(f"{name}: ssh_folder is '{target.ssh_folder}'; it must be a folder inside the home folder")
    if not target.ssh_timeout_s >= 1:
        raise PlanError(f"{name}: ssh_timeout_s is {target.ssh_timeout_s:g}; it must be at least 1")


def to_toml(target: Target) -> str:
    """The profile as the text of its file; how to reach the device is left out."""
    plain = {f.name: getattr(target, f.name) for f in fields(Target) if not f.name.startswith("ssh")}
    values = {name: value for name, value in plain.items() if value is not None}
    # JSON's text, numbers and truth values are TOML's too.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def host(machine: Mapping[str, Any]) -> Target:
    """This machine as a target: its architecture, that architecture's engine, one thread a core."""
    architecture = str(machine["architecture"])
    return Target(
        HOST, f"this machine: {machine['board'] or machine['cpu']}", architecture,
        quantized_engine=ENGINES.get(architecture, ""), threads=int(machine["cores"]),
    )  # fmt: skip


def fit(engine: str, devices: tuple[str, ...], target: Target, machine: Mapping[str, Any]) -> Fit:
    """Whether an artifact that needs this engine, and runs on these devices, fits the target, and how it runs here."""
    emulated = bool(target.architecture) and target.architecture != machine["architecture"]
    by = str(machine.get("emulator") or "")
    emulated = emulated or target.board not in str(machine["board"]) or bool(by)
    because = f"run by {by}" if by else ""
    if target.device not in devices:
        return Fit(f"its artifacts run on {' and '.join(devices)} only", emulated, because)
    if engine and engine not in (target.quantized_engine, *ALSO.get(target.quantized_engine, ())):
        runs = f"runs {target.quantized_engine}" if target.quantized_engine else "has none"
        there = f", as {RUNS_ON[engine]} has it" if engine in RUNS_ON else ""
        return Fit(f"needs torch's quantized engine {engine}{there}; the target {runs}", emulated, because)
    if target.device == "cuda" and not machine["cuda"]:
        return Fit("no CUDA device", emulated, because)
    return Fit("", emulated, because)


def threads_here(target: Target, cores: Sequence[int] = ()) -> int:
    """The target's threads, but no more than `cores`, or what this process may use: more would wait for each other."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = len(cores) or allowed
    return max(1, min(target.threads, allowed))
