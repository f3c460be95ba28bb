from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import EXPORTERS

from edgebench.core import registry
from edgebench.core.errors import EdgeBenchError, FieldError, PlanError, UnknownPlugin
from edgebench.core.settings import Measuring
from edgebench.pipeline import read_plan


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "plan.toml"


def test_defaults() -> None:
    found = read_plan.load(None, {})
    assert (found.build.models, found.build.variants, found.measure.targets) == (
        ("resnet1d",),
        ("none",),
        ("host", "arm-qnnpack"),
    )
    assert set(EXPORTERS) <= set(found.build.exporters) <= set(registry.names("exporters"))
    assert (found.measure.dataset, found.measure.data_dir, found.measure.limit, found.measure.threads) == (
        "demo",
        None,
        None,
        None,
    )
    assert (found.build.calibration_records, found.measure.seed, found.measure.measuring) == (256, 0, Measuring())


def test_a_file_with_flags_over_it(toml: Path) -> None:
    toml.write_text(
        'targets = ["x86-cpu"]\nexporters = ["onnx", "onnx-int8"]\ndataset = "ptbxl"\ndata_dir = "data"\nlimit = 50\n'
        "seed = 3\n[measuring]\nprocesses = 5\nwarmup = 0\n"
    )
    alone = read_plan.load(toml, {})
    assert alone.measure.targets == ("x86-cpu",) and alone.build.exporters == ("onnx", "onnx-int8")
    assert (alone.measure.dataset, alone.measure.data_dir, alone.measure.limit, alone.measure.seed) == (
        "ptbxl",
        Path("data"),
        50,
        3,
    )
    assert alone.measure.measuring == Measuring(processes=5, warmup=0)
    flags = {"limit": 10, "seed": None, "exporters": (), "targets": ("host",), "measuring": {"warmup": 7}}
    both = read_plan.load(toml, flags)
    assert (both.measure.limit, both.measure.seed, both.measure.targets) == (10, 3, ("host",))
    assert both.build.exporters == ("onnx", "onnx-int8")
    assert both.measure.measuring == Measuring(processes=5, warmup=7)


def test_flags_alone() -> None:
    found = read_plan.load(None, {"exporters": ("onnx",), "measuring": {"min_seconds": 0.0}, "threads": 2})
    assert found.build.exporters == ("onnx",) and found.measure.threads == 2
    assert found.measure.measuring == Measuring(min_seconds=0)


def test_artifacts_are_measured_as_they_are() -> None:
    assert read_plan.load(None, {"artifacts": (Path("a/manifest.json"),)}).build.exporters == ()


def test_a_target_by_its_path(toml: Path) -> None:
    profile = toml.with_name("mine.toml")
    profile.write_text('name = "mine"\ndescription = "mine"\narchitecture = "aarch64"\n')
    assert read_plan.load(None, {"targets": (str(profile),)}).measure.targets == (str(profile),)


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("colour = 1", PlanError, "plan.toml: colour: "),
        ("[measuring]\nprocess = 1", PlanError, "plan.toml: measuring.process: "),
        ("exporter = ['onnx']", PlanError, "plan.toml: exporter: "),
        ("limit = 'many'", PlanError, "plan.toml: limit: "),
        ("limit = 0", PlanError, "plan.toml: limit: "),
        ("threads = -1", PlanError, "plan.toml: threads: "),
        ("calibration_records = 0", PlanError, "plan.toml: calibration_records: "),
        ("models = 'resnet1d'", PlanError, "plan.toml: models: "),
        ("measuring = 3", PlanError, "plan.toml: measuring: "),
        ("exporters = [1]\nlimit = 'x'", PlanError, "plan.toml: exporters.0: "),
        ("models = []", PlanError, "plan.toml: models: "),
        ("variants = []", PlanError, "plan.toml: variants: "),
        ("targets = []", PlanError, "plan.toml: targets: "),
        ("[measuring]\nprocesses = 0", PlanError, "plan.toml: measuring.processes: "),
        ("[measuring]\nwarmup = -1", PlanError, "plan.toml: measuring.warmup: "),
        ("[measuring]\nmin_seconds = nan", PlanError, "plan.toml: measuring.min_seconds: "),
        ("limit = ", PlanError, "plan.toml: not valid TOML: "),
        ("limit = 1\nlimit = 2", PlanError, "plan.toml: not valid TOML: "),
        ("limit = " + "[" * 5000, PlanError, "plan.toml: not valid TOML: "),
        ("limit = " + "9" * 5000, PlanError, "plan.toml: not valid TOML: "),
        ("targets = ['toaster']", PlanError, "'toaster'"),
        ("targets = ['nowhere.toml']", PlanError, "nowhere.toml: "),
        ("exporters = ['onnx', 'gguf']", UnknownPlugin, "'gguf'"),
        ("variants = ['shrunk']", UnknownPlugin, "'shrunk'"),
        ("dataset = 'imagenet'", UnknownPlugin, "'imagenet'"),
    ],
)
def test_a_plan_that_cannot_be_run_is_one_line(toml: Path, text: str, error: type[EdgeBenchError], named: str) -> None:
    toml.write_text(text)
    with pytest.raises(error) as caught:
        read_plan.load(toml, {})
    assert type(caught.value) is error and named in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "place", "value"),
    [
        ({"limit": 0}, "limit", 0), ({"measuring": {"timeout_s": 0}}, "measuring.timeout_s", 0),
        ({"measuring": {"cores": (999,)}}, "measuring.cores", 999), ({"measuring": {"many": 1}}, "measuring.many", 0),
        ({"weights": Path("w.pth")}, "weights", "w.pth"), ({"models": ("a.py:f",)}, "models", "a.py:f"),
        ({"models": ("a.py:f", "b.py:f")}, "models", "b.py:f"),
    ],
)  # fmt: skip
def test_flags_that_cannot_be_run_are_one_line(toml: Path, flags: dict[str, Any], place: str, value: object) -> None:
    """With a plan file or without: it is not the file that is wrong."""
    toml.write_text("seed = 3\n[measuring]\nwarmup = 3\n")
    for file in (None, toml):
        with pytest.raises(FieldError) as caught:
            read_plan.load(file, flags)
        problem = caught.value.problem
        assert problem.place == place and (problem.value == value or place == "measuring.many")
        assert "plan.toml" not in str(caught.value) and "\n" not in str(caught.value)
        assert problem.of("--flag").startswith("--flag")


def test_a_file_is_blamed_for_what_it_says(toml: Path) -> None:
    toml.write_text("[measuring]\ncores = [999]\n")
    with pytest.raises(PlanError, match=r"plan\.toml: measuring\.cores 999: ") as caught:
        read_plan.load(toml, {"limit": 3, "measuring": {"warmup": 1}})
    assert not isinstance(caught.value, FieldError)


def test_flags_do_not_hide_a_wrong_table(toml: Path) -> None:
    toml.write_text("[measuring]\nprocesses = 'three'\n")
    with pytest.raises(PlanError, match=r"measuring\.processes: "):
        read_plan.load(toml, {"measuring": {"warmup": 1}})


def test_a_plan_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"nowhere\.toml: .*No such file"):
        read_plan.load(tmp_path / "nowhere.toml", {})
    with pytest.raises(PlanError, match="TOML"):
        read_plan.load(tmp_path, {})
    (tmp_path / "plan.json").touch()
    with pytest.raises(PlanError, match=r"edgebench run --resume"):
        read_plan.load(tmp_path, {})
    (tmp_path / "plan.json").unlink()
    for content, said in (
        (b"\xff\xfe\x00", "UTF-8"),
        (b"", "empty"),
        (b"# later\n", "empty"),
    ):
        (tmp_path / "strange.toml").write_bytes(content)
        with pytest.raises(PlanError, match=rf"strange\.toml: .*{said}"):
            read_plan.load(tmp_path / "strange.toml", {})


def test_all_models_are_the_shipped_ones() -> None:
    from edgebench.models import store

    shipped = tuple(store.shipped("multilabel"))
    assert read_plan.load(None, {"models": ("all",)}).build.models == shipped
    assert read_plan.load(None, {"models": ("resnet1d", "all")}).build.models == shipped
