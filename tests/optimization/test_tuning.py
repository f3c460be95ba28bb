"""Which compressed networks are trained, and for how long."""

from __future__ import annotations

from dataclasses import replace

import fed_trials
from fed_trials import RECORDS, SPACE

from edgebench.core.policy import Policy
from edgebench.optimization import budget, tuning
from edgebench.pipeline.trials import Batch, Step, Trial

POLICY = Policy(max_drop=0.01)
NETWORK = fed_trials.batch(
    fed_trials.row("onnx-int8", latency_p50_s=1e-3, delta_macro_f1=0.0),
    fed_trials.row("onnx", latency_p50_s=2e-3, delta_macro_f1=0.0),
)
LATENCIES = {"structured-0.3": 8e-4, "structured-0.5": 6e-4, "structured-0.7": 4e-4, "structured-0.1": 1.2e-3}


def tried(variant: str, epochs: int = 0, drop: float = 0.3) -> Trial:
    latency = LATENCIES[variant]
    return Trial(
        fed_trials.row("onnx-int8", variant, epochs, latency_p50_s=latency, delta_macro_f1=-drop, macro_f1=0.7 - drop),
        epochs,
    )


STRUCTURES = Batch(Step("structures", tuple(LATENCIES), ("onnx-int8",)), 20, tuple(map(tried, LATENCIES)), 0.7)


def trained(variant: str, epochs: int, drop: float, seconds: float = 20.0) -> Batch:
    step = Step("tune", (variant,), ("onnx-int8",), epochs)
    return Batch(step, seconds, (tried(variant, epochs, drop),), 0.7, records=RECORDS)


def rung(batches: list[Batch], seconds: float = 10_000) -> Step | None:
    found = budget.of(fed_trials.request(seconds), batches, RECORDS)
    return tuning.next_rung(batches, POLICY, found, 1.3)


def test_networks_that_could_become_the_best_are_trained_the_fastest_first() -> None:
    batches, seen = [NETWORK, STRUCTURES], []
    while (step := rung(batches)) and step.epochs == tuning.FIRST_EPOCHS:
        seen.append(step.variants[0])
        batches.append(trained(step.variants[0], step.epochs, 0.05))
    assert seen == ["structured-0.7", "structured-0.5", "structured-0.3"], "not 0.1, which is slower than the network"


def test_the_better_half_is_trained_for_longer() -> None:
    drops = {"structured-0.3": 0.005, "structured-0.5": 0.02, "structured-0.7": 0.25}
    batches = [NETWORK, STRUCTURES, *(trained(name, tuning.FIRST_EPOCHS, drop) for name, drop in drops.items())]
    second = rung(batches)
    assert second and second.epochs == tuning.FIRST_EPOCHS * tuning.TIMES
    batches.append(trained(second.variants[0], second.epochs, 0.01))
    third = rung(batches)
    assert third and third.epochs == second.epochs
    assert {second.variants[0], third.variants[0]} == {"structured-0.5", "structured-0.3"}


def test_without_time_nothing_is_trained() -> None:
    assert rung([NETWORK, STRUCTURES], 60) is None
    slow = [NETWORK, STRUCTURES, trained("structured-0.7", tuning.FIRST_EPOCHS, 0.1, seconds=300)]
    assert rung(slow, 700) is None
    assert rung(slow, 7000) is not None
    cut = replace(slow[-1], trials=(), reason="no time was left")
    assert rung([*slow[:-1], cut]) is None, "a training that had no time is the last"


def test_the_best_exporters_of_the_unchanged_network_are_taken() -> None:
    assert tuning.best_exporters([NETWORK, STRUCTURES], POLICY, 2) == ("onnx-int8", "onnx")
    assert tuning._spread(list("abcdef"), 3) == ["a", "c", "f"]
    assert SPACE.structures
