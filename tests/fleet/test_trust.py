"""Which addresses are taken without TLS, and which need it."""

from __future__ import annotations

import shutil
from pathlib import Path

import fleet_processes
import pytest

from edgebench.core.errors import PlanError, RemoteError
from edgebench.fleet import cluster as clusters
from edgebench.fleet import fleet, look
from edgebench.fleet.fleet import Options
from edgebench.fleet.trust import Tls, is_loopback, security


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"])
def test_this_machine_needs_no_tls(address: str) -> None:
    assert not security(address, Tls()).require_encryption


def test_other_machines_do() -> None:
    for address in ("tcp://192.0.2.1:8786", "tcp://0.0.0.0:8786"):
        with pytest.raises(PlanError, match="--insecure"):
            security(address, Tls())
        assert not security(address, Tls(insecure=True)).require_encryption


@pytest.mark.parametrize("address", ["", "host:8786", "ucx://host:1", "http://host:1", "tcp://"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(PlanError, match="tls://HOST:8786"):
        security(address, Tls())


def test_tls_needs_certificates(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="--tls-ca"):
        security("tls://192.0.2.1:8786", Tls())
    with pytest.raises(PlanError, match="no such file"):
        security("tls://192.0.2.1:8786", Tls(ca=tmp_path / "ca.pem"))
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    for path in files.values():
        path.touch()
    tls = Tls(files["ca"], files["cert"], files["key"])
    found = security("tls://192.0.2.1:8786", tls)
    assert found.require_encryption and found.tls_worker_cert == str(files["cert"])
    with pytest.raises(PlanError, match="tls://"):
        security("tcp://127.0.0.1:8786", tls)


def test_loopback_is_loopback() -> None:
    assert is_loopback("127.0.0.1:1") and is_loopback("[::1]:1") and not is_loopback("192.0.2.1:1")
    assert not is_loopback("no.such.host.invalid:1")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_a_cluster_with_tls_takes_nobody_without_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_S", 3.0)
    with fleet_processes.running(tmp_path / "fleet", tls=True) as cluster:
        cluster.worker("builder", "--build")
        with fleet.connected(Options(cluster.address, cluster.certificates)) as connected:
            (found,) = look.all_of(connected)
            assert found.name == "builder" and found.looked and found.looked.runtimes["onnx"] == ""
        strange = fleet_processes.certify(tmp_path / "strange")
        plain = cluster.address.replace("tls", "tcp")
        for address, tls in ((cluster.address, strange), (plain, Tls())):
            with pytest.raises(RemoteError, match="no scheduler"), fleet.connected(Options(address, tls)):
                pass
