"""Messages of a device: what is none is skipped, and an answer that cannot be used is refused in one line."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from mutations import hold, json_bytes, of_bytes, of_json

from edgebench.core.errors import RemoteError
from edgebench.core.progress import ProgressReporter
from edgebench.remote import messages
from edgebench.remote.event_stream import replay
from edgebench.remote.messages import Answer, Ended, Event, Hello, Missing, Prepared, Stored

ANSWERS: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (Hello, {"home": "/home/pi/.edgebench", "machine": "aarch64", "free": 10**9}),
    (Hello, {"busy": "another run uses it (process 5 there)"}),
    (Missing, {"missing": ["ab" * 32], "begun": []}),
    (Stored, {"damaged": ["ab" * 32]}),
    (Prepared, {"python": "/usr/bin/python3", "failed": {"onnx": "no wheel"}}),
    (Ended, {"status": 0, "last": ""}),
)
EVENTS: tuple[dict[str, Any], ...] = (
    {"event": "stage", "name": "measure memory", "total": 4},
    {"event": "step", "text": "resnet1d none onnx: memory"},
    {"event": "cell", "text": "resnet1d: failed", "reason": "out of memory"},
    {"event": "note", "text": "installs onnxruntime"},
)


@pytest.mark.parametrize("line", [
    b"", b"{}", b"42", b"null", b"[]", b'"text"', b"Welcome to Raspberry Pi OS", b"[" * 200_000, b'{"a":' * 200_000,
    b"\xff\xfe", b"1" * 5000, b'{"event": 5}', b'{"event": "stage", "total": "abc"}', b'{"event": "step", "more": 1}',
    b'{"event": "stage", "total": 1e308}', b'{"event": "stage", "total": -1}', b'{"done": "yes"}',
    b'{"event": "note", "text": NaN}',
])  # fmt: skip
def test_what_is_no_message_is_skipped(line: bytes) -> None:
    assert messages.read(line) is None


def test_messages_are_read() -> None:
    for event in EVENTS:
        assert messages.read(json.dumps(event).encode()) == Event(**event)
    for kind, fields in ANSWERS:
        found = messages.read(json.dumps({**fields, "done": True}).encode())
        assert isinstance(found, Answer)
        made = messages.answer(kind, found.data, "board", "this")
        for name, value in fields.items():
            assert getattr(made, name) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Prepared, {"python": "/usr/bin/python3"}),
        (Prepared, {"python": "x", "failed": ["onnx"]}),
        (Prepared, {}),
        (Missing, {"missing": "all", "begun": []}),
        (Missing, {"missing": [5], "begun": []}),
        (Stored, {}),
        (Ended, {"status": "fine", "last": ""}),
        (Hello, {}),
        (Hello, {"home": ".edgebench"}),
        (Hello, {"home": '/x"\n!touch /tmp/x\n'}),
        (Hello, {"home": "/" + "x" * 5000}),
        (Hello, {"home": "/x", "free": "much"}),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(kind: type[Any], answer: dict[str, Any]) -> None:
    with pytest.raises(RemoteError) as caught:
        messages.answer(kind, answer, "board", "prepare")
    assert str(caught.value).startswith("board: ") and "\n" not in str(caught.value)


def test_its_own_error_is_passed_on_as_one_short_line() -> None:
    for error in ("no space", "a\x1b[31m\nb" * 1000, 5, None, ["x"]):
        with pytest.raises(RemoteError) as caught:
            messages.answer(Stored, {"error": error}, "board", "store")
        text = str(caught.value)
        assert text.startswith("board: ") and text.isprintable() and len(text) < 500


def test_texts_are_short_and_safe_to_show() -> None:
    found = messages.read(json.dumps({"event": "note", "text": "\x1b[31m\n" + "x" * 100_000}).encode())
    assert isinstance(found, Event) and found.text.isprintable() and len(found.text) <= messages.TEXT


def test_names_that_were_not_asked_for_are_refused() -> None:
    messages.require_among(["a"], {"a": 1, "b": 2}, "board", "missing")
    with pytest.raises(RemoteError, match=r"board: names '\.\./x'"):
        messages.require_among(["a", "../x"], {"a": 1}, "board", "missing")


class Silent(ProgressReporter):
    pass


def take(line: bytes) -> None:
    """What the link does with a line."""
    found = messages.read(line)
    if isinstance(found, Event):
        replay(found, Silent(), "board")
    elif found:
        for kind, _ in ANSWERS:
            with contextlib.suppress(RemoteError):
                messages.answer(kind, found.data, "board", "this")


def test_every_damaged_message_is_taken_or_refused() -> None:
    for kind, fields in (*((k, {**f, "done": True}) for k, f in ANSWERS), *((Event, e) for e in EVENTS)):
        assert kind
        hold(take, of_bytes(json.dumps(fields).encode(), 60))
        hold(take, (json_bytes(value) for value in of_json(fields, 60)))
