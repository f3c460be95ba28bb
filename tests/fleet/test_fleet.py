"""Which targets a fleet measures, and what a run says at once where nobody can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgebench.core.cells import Target
from edgebench.core.errors import PlanError, RemoteError
from edgebench.core.progress import ProgressReporter
from edgebench.fleet import fleet
from edgebench.fleet.fleet import Fleet, Options
from edgebench.pipeline.machines import HERE
from edgebench.remote import session


class Offers:
    """A cluster with these resources."""

    address = "tls://there:8786"

    def __init__(self, *names: str) -> None:
        self.names = names

    def offers(self, resource: str) -> list[Any]:
        return [one for one in self.names if one == resource]


def target(name: str, ssh: str = "") -> Target:
    return Target(name, "", "", ssh=ssh)


def test_the_host_is_measured_here_and_others_there() -> None:
    machines: Any = Fleet(Offers())  # type: ignore[arg-type]
    assert not machines.elsewhere(target("host")) and machines.elsewhere(target("pi"))
    assert machines.elsewhere(target("host", "pi@board"))


def test_a_target_that_nobody_offers_is_an_error_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fleet, "WAIT_S", 0.0)
    Fleet(Offers("device:pi")).check(target("pi"), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(RemoteError, match=r"edgebench worker --connect tls://there:8786 --device pi"):
        Fleet(Offers("device:other")).check(target("pi"), tmp_path)  # type: ignore[arg-type]


def test_a_device_without_a_worker_is_reached_over_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(session, "check", lambda target, _: asked.append(target.name))
    Fleet(Offers()).check(target("pi", "pi@board"), tmp_path)  # type: ignore[arg-type]
    Fleet(Offers("device:pi")).check(target("pi", "pi@board"), tmp_path)  # type: ignore[arg-type]
    assert asked == ["pi"]


def test_without_an_address_it_is_this_machine() -> None:
    with fleet.opened(None, None) as machines:
        assert machines is HERE


def test_an_address_that_trusts_anybody_is_refused() -> None:
    with pytest.raises(PlanError, match="--insecure"), fleet.opened(Options("tcp://192.0.2.1:1"), ProgressReporter()):
        pass
