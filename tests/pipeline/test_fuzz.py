"""Damaged plans, target profiles and stored plans: each is read, or refused in one line and in time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from mutations import hold, of_bytes, of_json

from edgebench.core import target_profiles
from edgebench.core.errors import PlanError
from edgebench.measuring import environment
from edgebench.pipeline import read_plan
from edgebench.pipeline.plan import Plan

COUNT = 500
PLAN = b"""
models = ["resnet1d"]
variants = ["none", "l1-0.4"]
exporters = ["onnx", "onnx-int8"]
targets = ["host", "raspberry-pi-5"]
dataset = "demo"
limit = 24
threads = 2
seed = 7

[measuring]
processes = 2
min_seconds = 0.5
batches = [1, 8]
cool_down_c = 50.5

[finetuning]
epochs = 1
recipe = { learning_rate = 1e-4 }
"""
PROFILE = b"""
name = "board"
description = "a board"
architecture = "aarch64"
quantized_engine = "qnnpack"
threads = 4
memory_limit_bytes = 1000000000
ssh = "pi@board"
ssh_python = "python3"
ssh_timeout_s = 60.0
"""


@pytest.mark.slow
def test_plans(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        read_plan.load(path, {})

    read(PLAN)
    taken, refused = hold(read, of_bytes(PLAN, COUNT))
    assert taken and refused


@pytest.mark.slow
def test_profiles(tmp_path: Path) -> None:
    path, machine = tmp_path / "board.toml", environment.machine()

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        target_profiles.fit("qnnpack", ("cpu",), target_profiles.find(str(path), machine), machine)

    read(PROFILE)
    taken, refused = hold(read, of_bytes(PROFILE, COUNT))
    assert taken and refused


@pytest.mark.slow
def test_stored_plans() -> None:
    document: dict[str, Any] = json.loads(json.dumps(Plan.of({"limit": 5, "measuring": {"processes": 2}}).document()))
    read_plan.of_run(document, {})

    def read(value: Any) -> None:
        if isinstance(value, dict):  # run_store refuses others
            read_plan.of_run(value, {})

    hold(read, of_json(document, COUNT))


@pytest.mark.parametrize("what", ["pipe", "endless", "large"])
def test_a_file_that_has_no_end_is_not_read(what: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 1 << 40)
    for read in (lambda: read_plan.load(path, {}), lambda: target_profiles.find(str(path), environment.machine())):
        with pytest.raises(PlanError, match=r"x\.toml"):
            read()
