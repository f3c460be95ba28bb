"""A cluster that the tests of this folder share, with one board; those that end processes have one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import fleet_processes
import pytest
from fleet_processes import Processes


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and a worker that measures."""
    with fleet_processes.running(tmp_path_factory.mktemp("fleet")) as made:
        made.worker("board-1", "--device", fleet_processes.TARGET)
        yield made
