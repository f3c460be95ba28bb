"""What a search chooses from, as the plug-ins say it."""

from __future__ import annotations

import fed_trials

from edgebench.core import options, registry
from edgebench.core.contracts import REFERENCE
from edgebench.measuring import environment
from edgebench.optimization import space
from edgebench.optimization.space import Space
from edgebench.pipeline import read_plan
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.trials import Batch, Step


def test_exporters_that_fit_come_with_their_choices_and_the_others_with_a_reason() -> None:
    plan = read_plan.check(Plan().replaced(targets=("host",)))
    found = space.of(plan, environment.describe(), "onnx-int8")
    assert next(iter(found.exporters)) == "onnx-int8", "the baseline comes first"
    assert REFERENCE not in found.exporters
    assert {*found.exporters, *found.left_out, REFERENCE} == set(plan.build.exporters)
    assert all(found.left_out.values())


def test_what_the_target_cannot_install_is_left_out() -> None:
    plan = read_plan.check(Plan().replaced(targets=("raspberry-pi-5",), exporters=("onnx-int8", "openvino")))
    found = space.of(plan, environment.describe(), "onnx-int8")
    assert list(found.exporters) == ["onnx-int8"] and "openvino" in found.left_out


def test_exporters_that_no_step_had_are_untried() -> None:
    open_space = Space({"onnx-int8": {}, "openvino": {}, "fbgemm-int8:minmax": {}, "litert": {}})
    steps = [
        Step("survey", ("none",), ("eager", "onnx-int8:u8u8")),
        Step("options", ("none",), ("fbgemm-int8:minmax",)),
    ]
    assert open_space.untried([Batch(step, 1.0) for step in steps]) == ["openvino", "litert"]
    assert open_space.untried([]) == list(open_space.exporters)


def test_each_spec_is_valid_and_there_is_one_of_each() -> None:
    plan = read_plan.check(Plan().replaced(targets=("host",), exporters=("onnx-int8", "fbgemm-int8:minmax")))
    found = space.of(plan, environment.describe(), "onnx-int8")
    specs = [one for name in found.exporters for one in found.specs(name)]
    assert len(set(specs)) == len(specs) == found.size
    for one in specs:
        options.of_exporter(one, registry.choices(registry.exporter(one)))
        name, words = space.words_in(found, one)
        assert space.spec(name, tuple(words.values())) == one
    assert [one for one in specs if "fbgemm" in one] == ["fbgemm-int8:minmax"], "options that the user wrote stay"


def test_a_choice_is_left_to_the_exporter_or_made() -> None:
    assert space.words_of(("minmax", "entropy")) == ("", "entropy")
    assert next(iter(fed_trials.SPACE.specs("onnx-int8"))) == "onnx-int8"
