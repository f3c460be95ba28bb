from __future__ import annotations

import importlib
from importlib.metadata import packages_distributions

import pytest
from helpers import PluginMaker

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DataError, MissingPackage, MovedModule, UnknownPlugin

BUILT_IN: dict[str, set[str]] = {
    "datasets": {"bundle", "demo", "ptbxl"},
    "models": {
        "resnet1d", "inceptiontime", "xresnet1d101", "vit", "deit-tiny", "deit-base", "convnext-atto", "convnext-tiny",
        "efficientnetv2-edge", "efficientnetv2-s", "mobilenetv2", "mobilenetv3-small", "resnet18", "swin-tiny",
        "inceptionv3",
    },
    "model_sources": {"timm", "file"},
    "task_sources": {"file"},
    "dataset_sources": {"file"},
    "variants": {"none"},
    "exporters": {"eager", "torchscript", "onnx", "onnx-int8", "fbgemm-int8", "qnnpack-int8"},
    "tasks": {"multilabel", "classification", "regression"},
    "runtimes": {"eager", "onnx", "torchscript"},
    "renderers": {"csv", "html", "json", "md"},
}  # fmt: skip
VARIANT = """
class Variant:
    def __init__(self, name): self.name = name
SHORT, LONG = Variant("l9"), Variant("l9-structured")
"""


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_kind_has_its_built_in_plugins(kind: str) -> None:
    assert set(registry.names(kind)) >= BUILT_IN[kind]
    for name in BUILT_IN[kind]:
        assert registry.load(kind, name) is registry.load(kind, name)


def test_names_import_nothing(plugin: PluginMaker) -> None:
    plugin("explosive", "raise RuntimeError('imported')", "[edgebench.exporters]\nbang = explosive:EXPORTER\n")
    assert "bang" in registry.names("exporters")
    assert "bang" not in registry.names("runtimes")
    with pytest.raises(RuntimeError, match="imported"):
        registry.exporter("bang")


def test_a_third_partys_plugin_is_found(plugin: PluginMaker) -> None:
    assert "extra" not in registry.names("renderers")
    plugin("their_own", "class R:\n    file = 'report.txt'\nR = R()", "[edgebench.renderers]\nextra = their_own:R\n")
    assert registry.renderer("extra").file == "report.txt"
    assert {"csv", "md"} <= set(registry.names("renderers"))


@pytest.mark.parametrize(("kind", "what"), registry.KINDS.items())
def test_an_unknown_name_lists_the_known_ones(kind: str, what: str) -> None:
    with pytest.raises(UnknownPlugin) as caught:
        registry.load(kind, "nonsense")
    assert str(caught.value) == f"unknown {what} 'nonsense'; known: {', '.join(registry.nameable(kind))}"
    assert len(registry.names(kind)) > 0


def test_what_nobody_can_ask_for_is_not_named() -> None:
    assert "bundle" in registry.names("datasets")
    assert "bundle" not in registry.nameable("datasets")


def test_an_unknown_name_near_a_known_one_is_taken_for_it() -> None:
    with pytest.raises(UnknownPlugin, match=r"unknown exporter 'onxx'; known: .*; did you mean 'onnx'\?$"):
        registry.load("exporters", "onxx")


def test_a_package_that_is_missing(plugin: PluginMaker) -> None:
    missing = "no_such_package_here"
    assert missing not in packages_distributions()
    plugin("needy", f"import {missing}.deeper", "[edgebench.runtimes]\nneedy = needy:RUNTIME\n")
    with pytest.raises(
        MissingPackage, match=rf"^the runtime 'needy' needs the package '{missing}': pip install "
    ) as no:
        registry.runtime("needy")
    assert "\n" not in str(no.value)


def test_a_package_that_an_extra_brings(plugin: PluginMaker) -> None:
    code = "raise ModuleNotFoundError('No module named onnxruntime', name='onnxruntime.capi')"
    plugin("needy", code, "[edgebench.runtimes]\nneedy = needy:RUNTIME\n")
    with pytest.raises(MissingPackage, match=r"'onnxruntime': pip install 'edgebench\[onnx\]'$"):
        registry.runtime("needy")


def test_a_broken_import_of_edgebench_itself_is_not_hidden(plugin: PluginMaker) -> None:
    plugin("broken", "import edgebench.nowhere", "[edgebench.runtimes]\nbroken = broken:RUNTIME\n")
    with pytest.raises(ModuleNotFoundError, match=r"edgebench\.nowhere"):
        registry.runtime("broken")


@pytest.mark.parametrize(("old", "new"), registry.MOVED.items())
def test_a_plugin_of_an_earlier_version_learns_where_a_module_is(plugin: PluginMaker, old: str, new: str) -> None:
    importlib.import_module(new)
    plugin("early", f"import {old}", "[edgebench.runtimes]\nearly = early:RUNTIME\n")
    with pytest.raises(MovedModule, match=f"'early' imports {old}, which is {new} now"):
        registry.runtime("early")


def test_a_variant_is_found_by_what_stands_before_its_numbers(plugin: PluginMaker) -> None:
    points = "[edgebench.variants]\nl9 = prunes:SHORT\nl9-structured = prunes:LONG\n"
    plugin("prunes", VARIANT, points)
    found = {s: registry.variant(s).name for s in ("none", "l9", "l9-0.4", "l9-structured", "l9-structured-0.5")}
    assert found == {
        "none": "none", "l9": "l9", "l9-0.4": "l9", "l9-structured": "l9-structured",
        "l9-structured-0.5": "l9-structured",
    }  # fmt: skip
    for spec in ("l91", "l", "nonesuch", ""):
        with pytest.raises(UnknownPlugin, match=f"unknown variant '{spec}'; known: .*l9"):
            registry.variant(spec)


def test_a_plugin_is_loaded_from_the_place_that_was_told(plugin: PluginMaker) -> None:
    plugin(
        "placed", "class R:\n    format = 'p'\nclass Outer:\n    R = R()", "[edgebench.runtimes]\np = placed:Outer.R\n"
    )
    assert registry.place("runtimes", "p") == "placed:Outer.R"
    assert registry.runtime("p", "placed:Outer.R") is registry.runtime("p")
    with pytest.raises(UnknownPlugin, match=r"unknown runtime 'q'; known: .*p"):
        registry.place("runtimes", "q")
    with pytest.raises(MissingPackage, match="'no_such_package_here'"):
        registry.runtime("q", "no_such_package_here:R")


def test_an_option_is_asked_only_of_a_dataset_that_has_it() -> None:
    registry.require_records("demo", DataRequest("test"))
    with pytest.raises(DataError, match="min_likelihood"):
        registry.require_records("demo", DataRequest("test", options={"min_likelihood": "50"}))
