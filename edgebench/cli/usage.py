"""Usage errors as one line that names the flag and its value."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import typer

from edgebench.core.problems import LONGEST, meant


class Refused(typer.BadParameter):
    """A value that an option cannot take."""

    def __init__(self, typed: str, words: str, flag: str = "") -> None:
        super().__init__(f"{typed}: {words}", param_hint=flag or None)


def number(
    kind: type[int] | type[float], least: float | None = None, most: float | None = None, above: float | None = None
) -> Callable[[Any], Any]:
    """A parser of one number for `typer.Option`, in its bounds; it raises Refused."""
    words = "must be a whole number" if kind is int else "must be a number"

    def parse(typed: Any) -> Any:
        text = typed if len(str(typed)) <= LONGEST else f"{str(typed)[:LONGEST]}…"
        try:
            value = kind(typed)
            float(value)
        except ValueError:
            raise Refused(text, words + _of_percent(text)) from None
        except OverflowError:  # a whole number beyond all floats
            raise Refused(text, "too large a number") from None
        if not math.isfinite(value):
            raise Refused(text, "must be a finite number")
        if least is not None and value < least:
            raise Refused(text, f"must be at least {least:g}")
        if above is not None and value <= above:
            raise Refused(text, f"must be above {above:g}")
        if most is not None and value > most:
            raise Refused(text, f"must be at most {most:g}")
        return value

    return parse


def _of_percent(typed: str) -> str:
    """The way out for a share that was typed as `5%`."""
    try:
        return f", such as {float(typed.removesuffix('%')) / 100:g}" if typed.endswith("%") else ""
    except ValueError:
        return ""


def said(error: Any, app: typer.Typer) -> str:
    """One line for a usage error, of typer's own click or of the package click; empty where help was shown instead."""
    text = _words(error)
    if not text:
        return ""
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f"{text}{stop} See: {_where(error, app)} --help"


def _words(error: Any) -> str:
    text: str = error.format_message()
    option = getattr(error, "option_name", "")
    if option and hasattr(error, "possibilities"):
        near = meant(option, list(error.possibilities or ()))
        return f"No such option: {option}" + (f"; {near}" if near else "")
    if option:
        return f"{option}: {'takes no value' if 'not take' in text else 'needs a value'}"
    if not text.startswith("Invalid value"):
        return text
    flag = error.param_hint or _flag(getattr(error, "param", None))
    return f"{flag} {error.message}" if isinstance(error, Refused) else f"{flag}: {error.message}"


def _flag(parameter: Any) -> str:
    """The long form of an option, or an argument's name in the help."""
    names = [*getattr(parameter, "opts", ())]
    return max(names, key=len) if names and names[0].startswith("-") else str(getattr(parameter, "metavar", "") or "")


def _where(error: Any, app: typer.Typer) -> str:
    """The command that the error is about; errors without it use the typed words."""
    if context := getattr(error, "ctx", None):
        return str(context.command_path)
    place, found = "edgebench", typer.main.get_command(app)
    for word in sys.argv[1:]:
        inner = getattr(found, "commands", {}).get(word)
        if inner is None:
            break
        place, found = f"{place} {word}", inner
    return place
