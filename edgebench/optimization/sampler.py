"""Which options to try next: Optuna's tree-structured Parzen estimator (TPE), told what the journal has.

The same seed and the same trials give the same proposals, whether the process was restarted between them or not: each
call makes a new study of all trials so far, and a new random state of the seed and the number of trials.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import MissingPackage
from edgebench.optimization.space import Space, spec, words_in, words_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import CategoricalDistribution

EXPORTER = "exporter"
WORSE = 10.0
"""A trial without a value counts as so much worse than the worst one."""
ATTEMPTS = 20
"""Proposals that may repeat earlier trials until the next untried spec is taken in order."""


def propose(
    space: Space,
    tried: Sequence[tuple[str, float | None]],
    seed: int,
    count: int,
    known: Collection[str] | None = None,
    uniform: bool = False,
) -> list[str]:
    """Specs to try, at most `count`; `tried` has the value of earlier ones, None for a failure.

    None of `known` is among them, by default none that was tried. With `uniform` they are drawn at random instead.
    """
    optuna = _optuna()
    started = seed * 100_003 + len(tried)
    sampler = (
        optuna.samplers.RandomSampler(seed=started)
        if uniform
        else optuna.samplers.TPESampler(seed=started, n_startup_trials=0)
    )
    study = optuna.create_study(sampler=sampler)
    worst = max((value for _, value in tried if value is not None and math.isfinite(value)), default=0.0) + WORSE
    for exporter_spec, value in tried:
        _tell(study, space, exporter_spec, worst if value is None else value)
    taken = {exporter_spec for exporter_spec, _ in tried} if known is None else set(known)
    found: list[str] = []
    for _ in range(ATTEMPTS):
        if len(found) < count and (asked := _ask(study, space)) not in taken:
            taken.add(asked)
            found.append(asked)
    best = sorted((value, name) for name, value in tried if value is not None)
    order = list(dict.fromkeys([words_in(space, name)[0] for _, name in best] + list(space.exporters)))
    for name in order:  # the sampler repeats itself: what is left, nearest to the best
        for left in space.specs(name):
            if len(found) < count and left not in taken:
                taken.add(left)
                found.append(left)
    return found


def require() -> None:
    """Raise MissingPackage where the search cannot run."""
    if importlib.util.find_spec("optuna") is None:
        raise MissingPackage("optuna", "optimize", "edgebench optimize")


def _ask(study: Study, space: Space) -> str:
    trial: Trial = study.ask()
    name = str(trial.suggest_categorical(EXPORTER, list(space.exporters)))
    choices = space.exporters[name]
    words = (str(trial.suggest_categorical(f"{name}.{what}", words_of(several))) for what, several in choices.items())
    return spec(name, tuple(words))


def _tell(study: Study, space: Space, exporter_spec: str, value: float) -> None:
    optuna = _optuna()
    name, chosen = words_in(space, exporter_spec)
    kind = optuna.distributions.CategoricalDistribution
    distributions: dict[str, CategoricalDistribution] = {EXPORTER: kind(list(space.exporters))}
    distributions |= {f"{name}.{what}": kind(words_of(several)) for what, several in space.exporters[name].items()}
    params = {EXPORTER: name} | {f"{name}.{what}": word for what, word in chosen.items()}
    study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))


def _optuna() -> Any:
    """The module, which takes half a second to import."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
