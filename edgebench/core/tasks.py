"""The protocol of a task: what targets and outputs mean, and how answers are scored.

Records name their task. Where the user chose another one (`--task`), the name is that of both: `BASE+CHOSEN`, such as
`regression+mine.py:metric`; BASE is what the records' targets are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edgebench.core.metrics import Metric

if TYPE_CHECKING:  # NumPy and torch are imported only where they are used
    import numpy as np
    import torch
    from numpy.typing import NDArray

State = tuple[float, ...]
"""What a task fits on the validation records, such as a threshold for each class; empty for nothing."""
Activation = Literal["sigmoid", "softmax", "none"]
OVER = "+"
"""Between the name of the records' own task and that of the one that the user chose."""


def base_of(name: str) -> str:
    """The records' own task in a task's name; empty where they have none."""
    return name.partition(OVER)[0]


def chosen_in(name: str) -> str:
    """What the user chose in a task's name; empty for nothing."""
    return name.partition(OVER)[2]


class Task(Protocol):
    """Scores the outputs of a network against targets.

    Outputs are float32 of shape (records, outputs). The shape of targets is the task's own; its first axis is the
    records. Everything but `loss` needs NumPy only, since devices may score.
    """

    name: str
    summary: str
    activation: Activation
    """What turns outputs into what a user reads: probabilities by sigmoid or softmax, or the outputs themselves."""

    def metrics(self, outputs: int, unit: str) -> tuple[Metric, ...]:
        """The metrics for a network with so many outputs and targets in this unit; the first is the primary one."""

    def check(self, targets: NDArray[Any], outputs: int) -> None:
        """Raise DataError, in one line, where the targets do not fit the task or a network with so many outputs."""

    def fit(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> State:
        """What is chosen on the validation records."""

    def score(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State, weights: NDArray[np.float32] | None
    ) -> Mapping[str, NDArray[np.float64]]:
        """Each metric by its name, shape (samples,).

        `weights` (samples, records) says how often each record occurs in each bootstrap sample; None is one sample
        with each record once. A metric that is undefined on these records is omitted; in a single bootstrap sample it
        is not-a-number.
        """

    def by_class(
        self, targets: NDArray[Any], outputs: NDArray[np.float32], state: State
    ) -> Mapping[str, NDArray[np.float64]]:
        """Further numbers, one for each output, by their name; often empty."""

    def agree(
        self, outputs: NDArray[np.float32], others: NDArray[np.float32], state: State, others_state: State
    ) -> float:
        """Share of the answers in which two networks agree; no targets are needed."""

    def rows(self, targets: NDArray[Any], outputs: int) -> NDArray[np.float32]:
        """The targets as a training takes and mixes them: float32 of shape (records, outputs)."""

    def soften(self, outputs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
        """A teacher's outputs as targets of `loss` for outputs that are divided by the temperature; the same shape."""

    def class_weights(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """A weight for each class that balances rare and frequent ones, shape (outputs,); None where there is none."""

    def loss(self, outputs: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """The loss of a training, the mean over the records of the batch; `outputs` and `rows` have the same shape."""
