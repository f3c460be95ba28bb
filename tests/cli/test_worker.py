"""What `edgebench worker` refuses at once."""

from __future__ import annotations

import pytest
from helpers import refused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--connect tcp://127.0.0.1:1", "--device"),
        ("--connect tcp://127.0.0.1:1 --device host", "host"),
        ("--connect tcp://127.0.0.1:1 --device raspbery-pi-5", "raspberry-pi-5"),
        ("--connect tcp://192.0.2.1:1 --build", "--insecure"),
        ("--connect tls://192.0.2.1:1 --build", "--tls-ca"),
        ("--connect nowhere --build", "tls://HOST:8786"),
    ],
)
def test_what_cannot_be_offered(
    given: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(f"worker {given}", monkeypatch, capsys)
