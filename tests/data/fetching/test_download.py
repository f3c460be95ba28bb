"""A server that wants to take for ever, or sends what was not asked for."""

from __future__ import annotations

import errno
import hashlib
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from physionet import PhysioNet, answer, endless

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DiskFull, DownloadError
from edgebench.data.fetching import download
from edgebench.data.fetching.download import Published
from edgebench.data.ptbxl import fetch as fetching
from edgebench.data.ptbxl.fetch import MOST_SUMS, SUMS, fetch

DAT = "records100/00000/00006_lr.dat"


def test_a_list_that_does_not_end(server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_SUMS", 1 << 16)
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
    with pytest.raises(DownloadError, match=rf"{name}: .*\d"):
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
    with pytest.raises(DownloadError, match=rf"{DAT}: .*\b{status}\b"):
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
        downloader.get(Published(DAT, "0" * 64, 24_000))
    assert not (tmp_path / "home" / DAT).exists()


CONTENT = bytes(range(256)) * 1000
FILE = Published("a.bin", hashlib.md5(CONTENT).hexdigest(), len(CONTENT))


def get(server: PhysioNet, folder: Path, file: Published = FILE, progress: Progress | None = None) -> bool:
    (server.folder / "a.bin").write_bytes(CONTENT)
    with download.Downloader(server.url, folder, progress) as downloader:
        (changed,) = downloader.get_all([file])
    return changed


def test_a_file_with_an_md5_and_its_progress(file_server: PhysioNet, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    home = tmp_path / "deep" / "home"
    assert get(file_server, home, progress=lambda done, all_: steps.append((done, all_)))
    assert (home / "a.bin").read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT))
    assert not get(file_server, home) and file_server.asked("a.bin") == [0]
    (home / "a.bin").write_bytes(CONTENT[:-1])
    assert get(file_server, home)
    assert [path.name for path in home.iterdir()] == ["a.bin"]


def test_progress_goes_on_where_a_cut_ended(file_server: PhysioNet, tmp_path: Path) -> None:
    file_server.cuts["a.bin"] = 2
    steps: list[int] = []
    assert get(file_server, tmp_path / "home", progress=lambda done, _: steps.append(done))
    first, second, third = file_server.asked("a.bin")
    assert first == 0 < second < third and steps == sorted(steps) and steps[-1] == len(CONTENT)


@pytest.mark.parametrize(
    ("file", "said", "asked"),
    [
        (Published("a.bin", "0" * 32, len(CONTENT)), "MD5", 5),
        (Published("a.bin", "0" * 64, len(CONTENT)), "SHA-256", 5),
        (Published("a.bin", FILE.digest, len(CONTENT) - 1), str(len(CONTENT) - 1), 1),
        (Published("b.bin", "0" * 32, 9), "404", 0),
    ],
)
def test_what_is_not_the_published_file_is_not_kept(
    file: Published, said: str, asked: int, file_server: PhysioNet, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match=said):
        get(file_server, tmp_path / "home", file)
    assert list((tmp_path / "home").iterdir()) == [] and len(file_server.asked("a.bin")) == asked


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=str(tmp_path / "file")):
        download.Downloader("http://127.0.0.1:9/", tmp_path / "file")
