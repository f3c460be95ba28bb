"""The sensitivity of each module to int8."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgebench.quantization.sensitivity import sensitivities


def agree(outputs: np.ndarray, others: np.ndarray) -> float:
    return float(((outputs >= 0) == (others >= 0)).mean())


class Net(nn.Module):
    """Two paths; one has a large weight among small ones in each channel, which one scale cannot represent."""

    def __init__(self) -> None:
        super().__init__()
        self.hard, self.easy, self.head = nn.Conv1d(12, 8, 5), nn.Conv1d(12, 8, 5), nn.Linear(16, 5)
        with torch.no_grad():
            self.hard.weight[:, 0, 0] = 40.0  # sets the range of each channel, for one weight of 60

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.cat([self.hard(x).std(-1) / 40, self.easy(x).std(-1)], 1))
        return logits


def test_the_module_with_the_widest_range_is_more_sensitive() -> None:
    torch.manual_seed(0)
    network = Net().eval()
    signals = np.random.default_rng(0).normal(0, 0.3, (48, 12, 200)).astype(np.float32)
    signals[:, 0] *= 0.001  # so that the large weight determines the range and not the output
    seen: list[tuple[int, int]] = []
    found = sensitivities(network, "fbgemm", signals, agree, {}, lambda done, total: seen.append((done, total)))
    assert {s.module for s in found} == {"hard", "easy", "head"}
    by_name = {s.module: s for s in found}
    assert [s.agreement for s in found] == sorted(s.agreement for s in found)
    assert by_name["hard"].error > 2 * by_name["easy"].error > 0
    assert by_name["head"].parameters == 16 * 5 + 5
    assert all(0 <= s.agreement <= 1 for s in found)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_network_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    network = Net().eval()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    sensitivities(network, "qnnpack", np.zeros((16, 12, 50), np.float32), agree, {})
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
