"""Damaged copies of real bytes and of JSON values, always the same ones, and the check that a reader stands them.

hold(read, of_bytes(path.read_bytes(), 500))     # read(damaged) returns, or raises EdgeBenchError, within 2 s
hold(lambda damaged: read(json_bytes(damaged)), of_json(json.loads(text), 500))
"""

from __future__ import annotations

import copy
import json
import random
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from edgebench.core.errors import EdgeBenchError

T = TypeVar("T")
SECONDS = 2.0
"""What a reader may take for one input, in the time of its own thread: the machine may be busy."""
WALL_SECONDS = 30.0
"""What it may take in all, waiting included."""
NUMBERS = (
    b"0", b"-1", b"0.5", b"nan", b"inf", b"1e308", b"1e999", b"2147483648", b"99999999999999999999", b"9" * 400,
    b"1" * 5000, b"999999999", b"-999999999", b"0x10", b"",
)  # fmt: skip
"""What a number in a text is replaced by."""
PIECES = (
    b"\x00", b"\x00" * 64, b"\xff\xfe", b"\xc3", b"\n", b"\r", b"'", b'"', b"{", b"[", b",", b"#", b"\\", b"../", b"-",
    b"[" * 20_000, b"{" * 20_000, b'{"a":' * 20_000, b"(" * 20_000, b"-" * 20_000, "\u2028\ud7ff\U0001f600".encode(),
)  # fmt: skip
"""What is put into a text."""
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 5.5, 1e308, -1e308, float("nan"), float("inf"), 2**63, 10**400, "", "x", "\x00", "../x",
    "/etc/passwd", "é\u2028\x1b[31m", "9" * 5000, [], {}, [[]], [None], {"": None}, {"x": {"y": []}},
)  # fmt: skip
"""What a JSON value is replaced by."""


def of_bytes(content: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` damaged copies: the empty file and half a file first, then one to three changes each."""
    rng = random.Random(seed)
    yield from (b"", content[: len(content) // 2])[:count]
    for _ in range(count - 2):
        damaged = content
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            damaged = rng.choice(CHANGES)(damaged, rng)
        yield damaged


def of_json(value: Any, count: int, seed: int = 0) -> Iterator[Any]:
    """`count` changed copies of a value of JSON's types: keys gone, new or renamed, values replaced, lists cut, nested.

    The value itself is not changed. Some copies hold NaN, which Python's json writes and reads.
    """
    rng = random.Random(seed)
    yield from (None, nested(20_000))[:count]
    for _ in range(count - 2):
        changed = [copy.deepcopy(value)]  # in a list, so that the whole value can be replaced like a part
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            _change(changed, rng)
        yield changed[0] if changed else None


def nested(depth: int) -> Any:
    """Lists within lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def json_bytes(value: Any) -> bytes:
    """A value as JSON, however deep: Python's own writer stops at a thousand levels."""
    parts: list[str] = []
    waiting: list[tuple[bool, Any]] = [(False, value)]
    while waiting:
        ready, one = waiting.pop()
        if ready:
            parts.append(one)
        elif isinstance(one, dict) and one:
            inner = [((True, f"{json.dumps(key)}: "), (False, below), (True, ", ")) for key, below in one.items()]
            waiting += _reversed("{", [step for steps in inner for step in steps][:-1], "}")
        elif isinstance(one, list | tuple) and one:
            waiting += _reversed("[", [step for below in one for step in ((False, below), (True, ", "))][:-1], "]")
        else:
            parts.append(json.dumps(one))
    return "".join(parts).encode()


def _reversed(first: str, steps: list[tuple[bool, Any]], last: str) -> list[tuple[bool, Any]]:
    return [(True, last), *reversed(steps), (True, first)]


def hold(read: Callable[[T], object], inputs: Iterable[T]) -> tuple[int, int]:
    """Give each input to a reader; returns how many it read and how many it refused with EdgeBenchError.

    Fails for any other exception, for an error of no or several lines, and for a reader that is slow.
    """
    taken = refused = 0
    for number, one in enumerate(inputs):
        shown = f"input {number}: {_shown(one)}"
        started = time.thread_time()
        try:
            with _wall_limit(shown):
                read(one)
            taken += 1
        except EdgeBenchError as error:
            if not str(error).strip() or "\n" in str(error):
                raise AssertionError(f"{shown}: not one line: {error!r}") from None
            refused += 1
        except Exception as error:
            raise AssertionError(f"{shown}: {type(error).__name__}: {str(error)[:200]}") from error
        seconds = time.thread_time() - started
        assert seconds < SECONDS, f"{shown}: took {seconds:.1f} s"
    return taken, refused


@contextmanager
def _wall_limit(shown: str) -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError(f"{shown}: no answer within {WALL_SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= 300 else f"{text[:200]} … {text[-80:]}"


def _flip(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(min(len(damaged), rng.choice((1, 1, 4, 32)))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _without_a_part(content: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(PIECES) + content[at:]


def _zeros(content: bytes, rng: random.Random) -> bytes:
    """As after a power cut: the length is there, the data is not."""
    start = rng.randrange(len(content) + 1)
    return content[:start] + bytes(len(content) - start)


def _number(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"-?\d+(\.\d+)?", content[: 1 << 16]))
    if not found:
        return _insert(content, rng)
    one = rng.choice(found)
    return content[: one.start()] + rng.choice(NUMBERS) + content[one.end() :]


def _line_twice(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b"\n"]
    at = rng.randrange(len(lines))
    return b"".join(lines[:at] + [lines[at]] * rng.choice((2, 2, 50)) + lines[at + 1 :])


def _line_gone(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b"\n"]
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def _longer(content: bytes, rng: random.Random) -> bytes:
    return content + rng.choice((b"\x00", b"x", content, rng.randbytes(100)))


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _cut, _without_a_part, _insert, _insert, _zeros, _number, _number, _number, _line_twice, _line_gone,
    _longer,
)  # fmt: skip


def _change(value: list[Any], rng: random.Random) -> None:
    """Change one part of a value in place."""
    places = list(_places(value))
    if not places:
        return
    container, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[rng.choice(("", "x", "\x00", f"{key}s", str(key).upper()))] = container[key]
    elif kind == 2:
        container[key] = {"x": container[key]}
    elif kind == 3:
        copies = rng.choice((1, 2, 1000))
        container[key] = [container[key]] * (1 if isinstance(container[key], dict | list) else copies)
    elif kind == 4:
        container[key] = nested(rng.choice((3, 50, 20_000)))
    elif kind == 5 and isinstance(container[key], str):
        container[key] = of_text(container[key], rng)
    else:
        container[key] = copy.deepcopy(rng.choice(VALUES))


def of_text(text: str, rng: random.Random) -> str:
    """One damaged text."""
    return rng.choice(CHANGES)(text.encode(errors="replace"), rng).decode(errors="replace")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every key and index inside a value, with its container; without recursion, since a part may be deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            yield one, key
            waiting.append(one[key])
