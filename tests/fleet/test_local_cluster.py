"""`--cluster local:N`: a scheduler and workers for the time of a run."""

from __future__ import annotations

import psutil
import pytest

from edgebench.core.cells import Target
from edgebench.core.errors import PlanError
from edgebench.fleet import fleet, local_cluster
from edgebench.fleet.fleet import Options


def test_workers_build_and_end_with_it() -> None:
    with fleet.opened("local:2", None) as machines:
        assert machines.builders() == 2
        assert not machines.elsewhere(Target("x86-cpu", "", "")) and machines.elsewhere(Target("pi", "", "", ssh="pi"))
        mine = [p for p in psutil.Process().children(recursive=True) if "--scheduler-file" in p.cmdline()]
        assert mine
    assert not [p for p in mine if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("address", ["local", "local:", "local:0", "local:x", "local:-1"])
def test_what_names_no_number(address: str) -> None:
    with pytest.raises(PlanError, match="local:N"), fleet.connected(Options(address)):
        pass


def test_another_address_is_none_of_it() -> None:
    assert local_cluster.count("tcp://127.0.0.1:8786") is None
