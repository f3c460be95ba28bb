from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import snapshots
from ssh_server import Server

from edgebench.core import target_profiles
from edgebench.core.cells import Target
from edgebench.core.errors import PlanError
from edgebench.core.target_profiles import Fit, fit
from edgebench.measuring import environment

PC: dict[str, Any] = {"architecture": "x86_64", "board": "", "cpu": "A Fast One", "cores": 6, "cuda": []}
GPU_BOX = {**PC, "cuda": ["A GPU"]}
PI_5 = {**PC, "architecture": "aarch64", "board": "Raspberry Pi 5 Model B Rev 1.0", "cpu": "Cortex-A76", "cores": 4}
SHIPPED = [name for name in target_profiles.names() if name != "host"]
CPU = ("cpu",)
BOTH = ("cpu", "cuda")


def find(name: str) -> Target:
    return target_profiles.find(name, PC)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_profile_is_complete(name: str) -> None:
    target = find(name)
    assert target.name == name
    assert len(target.description) > 10
    assert target.threads >= 1
    written = tomllib.loads(files("edgebench.targets").joinpath(f"{name}.toml").read_text())
    assert {"name", "description", "architecture", "threads"} <= set(written)
    if target.device == "cpu":
        assert target.quantized_engine == target_profiles.ENGINES[target.architecture]
    else:
        assert (target.architecture, target.quantized_engine) == ("", "")


def test_the_names() -> None:
    assert target_profiles.names() == ["host", *sorted(SHIPPED)]
    assert {"x86-cpu", "arm-qnnpack", "cuda", "raspberry-pi-4", "raspberry-pi-5"} <= set(SHIPPED)


def test_host_is_this_machine() -> None:
    assert target_profiles.find("host", PC) == Target(
        "host", "this machine: A Fast One", "x86_64", quantized_engine="fbgemm", threads=6
    )
    assert target_profiles.find("host", PI_5) == Target(
        "host", "this machine: Raspberry Pi 5 Model B Rev 1.0", "aarch64", quantized_engine="qnnpack", threads=4
    )
    assert target_profiles.find("host", {**PC, "architecture": "riscv64"}).quantized_engine == ""
    here = environment.machine()
    for machine in (PC, PI_5, here):
        host = target_profiles.find("host", machine)
        assert fit(host.quantized_engine, CPU, host, machine) == Fit("", emulated=False)


@pytest.mark.parametrize(
    ("engine", "devices", "target", "machine", "reason", "emulated"),
    [
        ("fbgemm", CPU, "x86-cpu", PC, "", False),
        ("", BOTH, "x86-cpu", PC, "", False),
        ("fbgemm", CPU, "arm-qnnpack", PC, "engine", True),
        ("fbgemm", CPU, "arm-qnnpack", PI_5, "engine", False),
        ("qnnpack", CPU, "x86-cpu", PC, "engine", False),
        ("qnnpack", CPU, "arm-qnnpack", PC, "", True),
        ("qnnpack", CPU, "arm-qnnpack", PI_5, "", False),
        ("", BOTH, "x86-cpu", PI_5, "", True),
        ("", BOTH, "raspberry-pi-5", PC, "", True),
        ("", BOTH, "raspberry-pi-5", PI_5, "", False),
        ("", BOTH, "raspberry-pi-4", PI_5, "", True),
        ("", BOTH, "cuda", PC, "cuda", False),
        ("", BOTH, "cuda", GPU_BOX, "", False),
        ("", CPU, "cuda", GPU_BOX, "device", False),
        ("fbgemm", CPU, "cuda", GPU_BOX, "device", False),
        ("fbgemm", BOTH, "cuda", GPU_BOX, "engine", False),
    ],
)
def test_fit(
    engine: str, devices: tuple[str, ...], target: str, machine: dict[str, Any], reason: str, emulated: bool
) -> None:
    found = fit(engine, devices, find(target), machine)
    assert found.emulated is emulated
    assert bool(found.reason) is bool(reason) and "\n" not in found.reason
    if reason:
        key = f"{reason}: {engine or 'no engine'} on {target}, {'ARM' if machine is PI_5 else 'x86'}"
        snapshots.check_line("reasons-of-targets", f"{key}{', GPU' * bool(machine['cuda'])}", found.reason)


def test_on_an_emulated_machine_every_target_is_emulated() -> None:
    machine = {**PI_5, "emulator": "qemu-aarch64-static on x86"}
    for name in target_profiles.names():
        found = fit("", BOTH, target_profiles.find(name, machine), machine)
        assert (found.emulated, found.because) == (True, "run by qemu-aarch64-static on x86")
    assert fit("", BOTH, find("raspberry-pi-5"), {**PI_5, "emulator": ""}) == Fit("", emulated=False, because="")


def test_threads_are_no_more_than_this_process_may_use() -> None:
    target = find("x86-cpu")
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert target_profiles.threads_here(replace(target, threads=10_000)) == allowed
    assert target_profiles.threads_here(replace(target, threads=1)) == 1
    assert target_profiles.threads_here(replace(target, threads=0)) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
def test_threads_of_a_process_that_is_bound_to_one_core() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert target_profiles.threads_here(replace(find("x86-cpu"), threads=4)) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_an_unknown_target_lists_the_known_ones() -> None:
    with pytest.raises(PlanError) as caught:
        find("toaster")
    known = ", ".join(target_profiles.names())
    assert str(caught.value) == f"unknown target 'toaster'; known: {known}, or a path to a TOML profile"


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\ndescription = "größer"\narchitecture = "aarch64"\nthreads = 2\nboard = "Jetson"\n')
    assert find(str(path)) == Target("mine", "größer", "aarch64", threads=2, board="Jetson")


BAD = {
    "unknown field": b'name = "m"\ndescription = "d"\narchitecture = "x86_64"\ncolour = "red"\n',
    "missing field": b'name = "m"\ndescription = "d"\n',
    "unknown device": b'name = "m"\ndescription = "d"\narchitecture = ""\ndevice = "tpu"\n',
    "threads a word": b'name = "m"\ndescription = "d"\narchitecture = ""\nthreads = "many"\n',
    "no value": b"name = \n",
    "nested": b"name = " + b"[" * 5000,
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("fault", BAD)
def test_a_profile_that_is_wrong_is_one_line(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(BAD[fault])
    with pytest.raises(PlanError) as caught:
        find(str(path))
    line, _, _ = str(caught.value).replace(str(path), "mine.toml").partition(" (at line")  # Python's own words
    snapshots.check_line("errors-profiles", fault, line)
    with pytest.raises(PlanError, match="no such target profile"):
        find(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ssh", "-oProxyCommand=touch evil"), ("ssh", "-E/tmp/evil"), ("ssh", "a b"), ("ssh", "a;b"),
        ("ssh_folder", "/etc"), ("ssh_folder", "../x"), ("ssh_folder", ""), ("ssh_packages", "all"),
        ("ssh_timeout_s", 0),
    ],
)  # fmt: skip
def test_a_profile_that_makes_no_sense_is_refused(tmp_path: Path, field: str, value: object) -> None:
    profile = Server(tmp_path, 1).target(**{field: value})
    with pytest.raises(PlanError, match=field) as caught:
        target_profiles.find(str(profile), environment.machine())
    assert "\n" not in str(caught.value)
