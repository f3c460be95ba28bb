"""What Tab offers in a shell for the options and arguments that take names."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edgebench.core.errors import EdgeBenchError


def _models() -> list[str]:
    from edgebench.models import store

    return [*store.shipped(), "all"]


def _words(spec: str) -> list[str]:
    """An exporter with each further word that it takes behind its colon, such as `onnx-int8:minmax,u8u8`."""
    from edgebench.core import registry

    name, _, given = spec.partition(":")
    before, comma, _ = given.rpartition(",")
    choices = registry.choices(registry.exporter(name)).values()
    left = [words for words in choices if not set(words) & set(before.split(","))]
    return [f"{name}:{before}{comma}{word}" for words in left for word in words]


def _registered(kind: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from edgebench.core import registry

        return list(registry.names(kind))

    return names


def _targets() -> list[str]:
    from edgebench.core import target_profiles

    return target_profiles.names()


def _preferences() -> tuple[str, ...]:
    from edgebench.core.policy import PREFERENCES

    return PREFERENCES


def _metrics() -> tuple[str, ...]:
    from edgebench.core.policy import NAMES

    return NAMES


def _kinds() -> list[str]:
    from edgebench.core import registry

    return [*registry.KINDS, "targets"]


NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "--model": _models, "--exporter": _registered("exporters"), "--variant": _registered("variants"),
    "--target": _targets, "--dataset": _registered("datasets"), "--task": _registered("tasks"),
    "--format": _registered("renderers"), "MODEL": _models, "NAME": _registered("models"), "KIND": _kinds,
    "--prefer": _preferences, "--only": _metrics, "DATASET": _registered("datasets"),
}  # fmt: skip
"""The known names by the option, or the argument as the help calls it."""


def of(name: str) -> Callable[[str], list[str]] | None:
    """The function that completes an option or argument; None for one that takes no name."""
    known = NAMES.get(name)
    if known is None:
        return None

    def complete(incomplete: str) -> list[str]:
        """The names that begin so; otherwise files, which most of these options take too."""
        try:
            every = _words(incomplete) if name == "--exporter" and ":" in incomplete else known()
            found = [one for one in every if one.startswith(incomplete)]
        except EdgeBenchError:  # a damaged plug-in must not write into a half-typed command
            found = []
        return found or _files(incomplete)

    return complete


def _files(incomplete: str) -> list[str]:
    folder, slash, name = incomplete.rpartition("/")
    try:
        found = sorted(one.name for one in Path(folder or slash or ".").iterdir())
    except OSError:
        return []
    return [f"{folder}{slash}{one}" for one in found if one.startswith(name)] if incomplete else []


@contextlib.contextmanager
def whole_words() -> Iterator[None]:
    """In this block bash is answered for whole words such as `onnx-int8:min`, which it splits at each colon.

    It says so in COMP_WORDS, a word a line, and replaces the part behind the last colon alone. Elsewhere it changes
    nothing.
    """
    words, place = os.environ.get("COMP_WORDS", "").split("\n"), os.environ.get("COMP_CWORD", "")
    if os.environ.get("_EDGEBENCH_COMPLETE") != "complete_bash" or ":" not in words or not place.isdigit():
        yield
        return
    typed = words[: int(place) + 1]
    joined: list[str] = []
    for before, word in zip(["", *typed], typed, strict=False):
        if joined and ":" in (before, word):
            joined[-1] += word
        else:
            joined.append(word)
    os.environ |= {"COMP_WORDS": "\n".join(joined), "COMP_CWORD": str(len(joined) - 1)}
    cut = joined[-1].rpartition(":")[0] + ":" if ":" in joined[-1] else ""
    answered = io.StringIO()
    try:
        with contextlib.redirect_stdout(answered):
            yield
    finally:
        sys.stdout.write("".join(line.removeprefix(cut) for line in answered.getvalue().splitlines(keepends=True)))
