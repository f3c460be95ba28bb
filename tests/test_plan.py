from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgebench import plan, registry
from edgebench.errors import EdgeBenchError, PlanError, UnknownPlugin
from edgebench.settings import Measuring


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "plan.toml"


def test_defaults() -> None:
    found = plan.load(None, {})
    assert (found.models, found.variants, found.targets) == (("resnet1d",), ("none",), ("host", "arm-qnnpack"))
    assert found.exporters == tuple(registry.names("exporters"))
    assert (found.dataset, found.data_dir, found.limit, found.threads) == ("demo", None, None, None)
    assert (found.calibration_records, found.seed, found.measuring) == (256, 0, Measuring())


def test_a_file_with_flags_over_it(toml: Path) -> None:
    toml.write_text(
        'targets = ["x86-cpu"]\nexporters = ["onnx", "onnx-int8"]\ndataset = "ptbxl"\ndata_dir = "data"\nlimit = 50\n'
        "seed = 3\n[measuring]\nprocesses = 5\nwarmup = 0\n"
    )
    alone = plan.load(toml, {})
    assert alone.targets == ("x86-cpu",) and alone.exporters == ("onnx", "onnx-int8")
    assert (alone.dataset, alone.data_dir, alone.limit, alone.seed) == ("ptbxl", Path("data"), 50, 3)
    assert alone.measuring == Measuring(processes=5, warmup=0)
    flags = {"limit": 10, "seed": None, "exporters": (), "targets": ("host",), "measuring": {"warmup": 7}}
    both = plan.load(toml, flags)
    assert (both.limit, both.seed, both.targets) == (10, 3, ("host",))
    assert both.exporters == ("onnx", "onnx-int8")
    assert both.measuring == Measuring(processes=5, warmup=7)


def test_flags_alone() -> None:
    found = plan.load(None, {"exporters": ("onnx",), "measuring": {"min_seconds": 0.0}, "threads": 2})
    assert found.exporters == ("onnx",) and found.threads == 2
    assert found.measuring == Measuring(min_seconds=0)


def test_artifacts_are_measured_as_they_are() -> None:
    assert plan.load(None, {"artifacts": (Path("a/manifest.json"),)}).exporters == ()


def test_a_target_by_its_path(toml: Path) -> None:
    profile = toml.with_name("mine.toml")
    profile.write_text('name = "mine"\ndescription = "mine"\narchitecture = "aarch64"\n')
    assert plan.load(None, {"targets": (str(profile),)}).targets == (str(profile),)


def test_a_plan_comes_back_from_its_document(toml: Path) -> None:
    toml.write_text('data_dir = "somewhere"\nlimit = 5\nartifacts = ["a/manifest.json"]\n[measuring]\nprocesses = 4\n')
    found = plan.load(toml, {})
    saved = json.loads(json.dumps(found.document()))
    assert plan.over_saved(saved, {"limit": None, "exporters": ()}) == found
    longer = plan.over_saved(saved, {"limit": 9, "measuring": {"warmup": 3}})
    assert (longer.limit, longer.measuring) == (9, Measuring(processes=4, warmup=3))
    with pytest.raises(PlanError, match=r"^the run's plan: colour: "):
        plan.over_saved({**saved, "colour": "red"}, {})


@pytest.mark.parametrize(
    ("text", "error", "pattern"),
    [
        ("colour = 1", PlanError, "plan.toml: colour: Extra inputs"),
        ("[measuring]\nsamples = 1", PlanError, "plan.toml: measuring.samples: "),
        ("limit = 'many'", PlanError, "plan.toml: limit: "),
        ("limit = 0", PlanError, "plan.toml: limit: .* greater than or equal to 1"),
        ("threads = -1", PlanError, "plan.toml: threads: "),
        ("calibration_records = 0", PlanError, "plan.toml: calibration_records: "),
        ("models = 'resnet1d'", PlanError, "plan.toml: models: "),
        ("measuring = 3", PlanError, "plan.toml: measuring: "),
        ("exporters = [1]\nlimit = 'x'", PlanError, r"plan.toml: exporters.0: .* \(and 1 more\)"),
        ("models = []", PlanError, "plan.toml: .*models is empty"),
        ("variants = []", PlanError, "plan.toml: .*variants is empty"),
        ("targets = []", PlanError, "plan.toml: .*targets is empty"),
        ("[measuring]\nprocesses = 0", PlanError, "plan.toml: .*measuring.processes is 0; it must be at least 1"),
        ("[measuring]\nwarmup = -1", PlanError, "plan.toml: .*measuring.warmup is -1; it must be at least 0"),
        ("[measuring]\nmin_seconds = nan", PlanError, "plan.toml: .*measuring.min_seconds is nan"),
        ("limit = ", PlanError, "plan.toml: not valid TOML: "),
        ("limit = 1\nlimit = 2", PlanError, "plan.toml: not valid TOML: "),
        ("targets = ['toaster']", PlanError, "unknown target 'toaster'; known: host, arm-qnnpack, .*x86-cpu"),
        ("targets = ['nowhere.toml']", PlanError, "nowhere.toml: no such target profile"),
        ("exporters = ['onnx', 'gguf']", UnknownPlugin, "unknown exporter 'gguf'; known: eager, .*onnx-int8"),
        ("variants = ['shrunk']", UnknownPlugin, "unknown variant 'shrunk'; known: l1, none, qat"),
        ("dataset = 'mnist'", UnknownPlugin, "unknown dataset 'mnist'; known: bundle, demo, ptbxl"),
    ],
)
def test_a_plan_that_cannot_be_run_is_one_line(
    toml: Path, text: str, error: type[EdgeBenchError], pattern: str
) -> None:
    toml.write_text(text)
    with pytest.raises(error, match=pattern) as caught:
        plan.load(toml, {})
    assert type(caught.value) is error and "\n" not in str(caught.value)


@pytest.mark.parametrize("flags", [{"limit": 0}, {"measuring": {"processes": 0}}, {"measuring": {"many": 1}}])
def test_flags_that_cannot_be_run_are_one_line(flags: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=r"^the flags: ") as caught:
        plan.load(None, flags)
    assert "\n" not in str(caught.value)


def test_flags_do_not_hide_a_wrong_table(toml: Path) -> None:
    toml.write_text("[measuring]\nprocesses = 'three'\n")
    with pytest.raises(PlanError, match=r"measuring\.processes: "):
        plan.load(toml, {"measuring": {"warmup": 1}})


def test_a_plan_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"nowhere\.toml: cannot read the plan \(No such file or directory\)$"):
        plan.load(tmp_path / "nowhere.toml", {})
    with pytest.raises(PlanError, match=r"cannot read the plan \(Is a directory\)$"):
        plan.load(tmp_path, {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match="not valid TOML"):
        plan.load(tmp_path / "binary.toml", {})


def test_all_models_are_the_shipped_ones() -> None:
    from edgebench.models import store

    assert plan.load(None, {"models": ("all",)}).models == tuple(store.shipped())
    assert plan.load(None, {"models": ("resnet1d", "all")}).models == tuple(store.shipped())
