"""A server that wants to take for ever, or sends what was not asked for."""

from __future__ import annotations

import errno
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from physionet import PhysioNet, answer, endless

from edgebench.core.errors import DiskFull, DownloadError
from edgebench.data.ptbxl import download
from edgebench.data.ptbxl.download import MOST_SUMS, SUMS
from edgebench.data.ptbxl.fetch import fetch

DAT = "records100/00000/00006_lr.dat"


def test_a_list_that_does_not_end(server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST_SUMS", 1 << 16)
    server.instead[SUMS] = endless(b"0" * (1 << 16))
    with pytest.raises(DownloadError, match=SUMS):
        fetch(tmp_path / "home", [10], url=server.url)
    assert not (tmp_path / "home").exists() and MOST_SUMS > 10 * 2**20


@pytest.mark.parametrize("name", [SUMS, "ptbxl_database.csv", DAT])
def test_a_byte_now_and_then_is_not_waited_for(
    server: PhysioNet, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "FIRST_S", 1.0)
    server.instead[name] = endless(b"x", 0.1)
    started = time.monotonic()
    with pytest.raises(DownloadError, match=f"{name}: only .* bytes in"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert time.monotonic() - started < 30


def test_an_address_that_never_ends_its_headers(
    server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            while True:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: "[:1])
                time.sleep(0.1)
        except OSError:
            pass

    monkeypatch.setattr(download, "FIRST_S", 1.0)
    server.instead[SUMS] = drip
    with pytest.raises(DownloadError, match=SUMS):
        fetch(tmp_path / "home", [10], url=server.url)


@pytest.mark.parametrize("status", [204, 304, 500])
def test_answers_without_a_file(server: PhysioNet, tmp_path: Path, status: int) -> None:
    server.instead[DAT] = answer(status)
    with pytest.raises(DownloadError, match=f"{DAT}: HTTP {status}"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert not (tmp_path / "home" / DAT).exists()


def test_a_range_that_was_not_asked_for_is_not_kept(server: PhysioNet, tmp_path: Path) -> None:
    part = tmp_path / "home" / f"{DAT}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(20_000))
    server.instead[DAT] = answer(206, bytes(4000), Content_Range="bytes 0-3999/24000")
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert not part.exists() and not (tmp_path / "home" / DAT).exists()


def test_a_full_disk_names_the_folder_that_is_filled(
    server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "pieces", full)
    downloader = download.Downloader(server.url, tmp_path / "home")
    with pytest.raises(DiskFull, match=str(tmp_path / "home")):
        downloader.get(DAT, {DAT: "0" * 64}, 24_000)
    assert not (tmp_path / "home" / DAT).exists()
