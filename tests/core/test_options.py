"""Words after an exporter's name."""

from __future__ import annotations

import pytest

from edgebench.core import options, registry
from edgebench.core.errors import PlanError, UnknownPlugin
from edgebench.pipeline import read_plan


def test_words_choose() -> None:
    choices = registry.exporter("fbgemm-int8").choices
    chosen = options.of_exporter("fbgemm-int8:percentile,per-tensor", choices)
    assert chosen == {"calibration": "percentile", "granularity": "per-tensor"}
    assert options.of_exporter("fbgemm-int8", choices) == {}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("fbgemm-int8:fast", "exporter 'fbgemm-int8:fast': unknown 'fast'; there is calibration: percentile, "),
        ("fbgemm-int8:minmx", "unknown 'minmx'; there is .*; did you mean 'minmax'"),
        ("fbgemm-int8:", "unknown ''"),
        ("onnx-int8:minmax,entropy", "minmax and entropy both choose the calibration"),
        ("eager:minmax", "exporter 'eager:minmax': unknown 'minmax'; it has no options"),
    ],
)
def test_a_bad_word_is_told_before_anything_runs(spec: str, said: str) -> None:
    with pytest.raises(PlanError, match=said) as raised:
        read_plan.load(None, {"exporters": (spec,)})
    assert "\n" not in str(raised.value)


def test_an_unknown_exporter_with_words() -> None:
    with pytest.raises(UnknownPlugin, match="unknown exporter 'tflite'; known: aotinductor, "):
        read_plan.load(None, {"exporters": ("tflite:minmax",)})


@pytest.mark.parametrize("name", registry.names("exporters"))
def test_no_word_chooses_two_things(name: str) -> None:
    words = [word for several in registry.exporter(name).choices.values() for word in several]
    assert len(set(words)) == len(words)
