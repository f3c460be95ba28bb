"""`edgebench recommend`: which artifact of a run to ship, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench.cli.console import command, err, out
from edgebench.cli.options import option
from edgebench.core.errors import PlanError, RunError
from edgebench.reports.plain import plain
from edgebench.tasks.names import DROP_FLAG, PREFERENCES, SCORE_FLAG

if TYPE_CHECKING:
    from edgebench.choosing.recommendation import Recommendation

LABEL = 9
"""Width of the column that names the parts of an answer."""
HARD = "\N{NO-BREAK SPACE}"
UNIT = re.compile(r"(?<=\d) ([µmn]?s|[kMG]?B)\b")
"""A unit after its number; the two stay on one line."""


@command
def recommend(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    max_latency: Annotated[
        str | None, typer.Option(metavar="TIME", help="Largest median latency: 20ms, 800us.")
    ] = None,
    max_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Largest file: 5MB, 4.5MiB.")] = None,
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Largest peak memory of the process, runtime included: 150MB.")
    ] = None,
    min_score: Annotated[
        str | None, option("--min-score", "SCORE", "Worst allowed value of the primary metric: 0.72.", also=SCORE_FLAG)
    ] = None,
    max_drop: Annotated[
        str | None,
        option(
            "--max-drop", "DROP", "Largest drop of the primary metric below the model's own fp32: 0.01.", also=DROP_FLAG
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        option("--prefer", "METRIC", "What counts ten times: latency (default), size, memory, score; or balanced."),
    ] = None,
    weight: Annotated[
        list[str] | None, option("--weight", "METRIC=NUMBER …", "How much a metric counts, in place of --prefer.")
    ] = None,
    policy: Annotated[
        Path | None, option("--policy", "FILE", "TOML file with a policy, in place of the one in the run's plan.")
    ] = None,
    target: Annotated[str | None, option("--target", "TARGET", "Answer only for this target of the run.")] = None,
) -> None:
    """Recommend which artifact of a run to ship to each target: its file, the reasons, and how to load it.

    Bounds hold for point estimates; a value equal to its bound meets it. The
    drop is always bounded: by default by 0.01 of a metric from 0 to 1, by 5 %
    of an error. Of the artifacts that meet all bounds, the one that costs least
    over all metrics is chosen; the preferred one counts ten times. Writes nothing.

    Exit code 0: each target has an artifact that meets the bounds. 1: a target
    has none. 2: the input is invalid, or nothing was measured.

    \b[bold]Examples[/bold]

    \bedgebench recommend results/mine --max-latency 20ms --max-drop 0.01
    edgebench recommend results/mine --max-size 5MB --min-score 0.72 --prefer size
    edgebench recommend results/mine --max-memory 150MB --target host
    edgebench recommend results/mine --weight latency=2 --weight memory=0
    edgebench recommend results/mine --policy policy.toml
    """
    from edgebench import reading
    from edgebench.choosing import devices
    from edgebench.core import problems, units
    from edgebench.core.policy import PREFERENCES as KNOWN
    from edgebench.pipeline import run_store
    from edgebench.reports import words
    from edgebench.reports.terminal import print_sentence

    prefer = PREFERENCES.get(prefer, prefer) if prefer is not None else None
    if prefer is not None and prefer not in KNOWN:
        raise PlanError(problems.not_among("prefer", list(KNOWN), prefer).of("--prefer"))
    if prefer is not None and weight:
        raise PlanError("--prefer and --weight: name one of the two")
    if target == "":
        raise PlanError("--target '': name a target of the run, or omit --target for all")
    read: dict[str, tuple[str, str | None, Callable[[str, str], float]]] = {
        "max_latency_s": ("--max-latency", max_latency, units.seconds),
        "max_size_bytes": ("--max-size", max_size, units.size_in_bytes),
        "max_memory_bytes": ("--max-memory", max_memory, units.size_in_bytes),
        "min_score": ("--min-score", min_score, partial(units.number, example="0.72")),
        "max_drop": ("--max-drop", max_drop, partial(units.number, example="0.01", least=0)),
    }
    # An empty text is refused too: it comes from a shell variable that is not set.
    bounds: dict[str, Any] = {
        name: parse(text, option) for name, (option, text, parse) in read.items() if text is not None
    }
    weights = _weights(weight or [])
    answers = reading.recommend(run, target or "", policy, prefer=prefer, weights=weights or None, **bounds)
    if not answers:
        raise RunError(f"{run}: no cell is measured yet; complete the run: edgebench run --resume {run}")
    if all(answer.chosen is None and not answer.excluded and not answer.untrained for answer in answers):
        whys = " ".join(answer.why for answer in answers)
        raise RunError(f"{run}: nothing to choose from. {whys} The report has the reasons: edgebench report {run}")
    found = run_store.read(run)
    for sentence in words.caveats(found, paths=True):
        print_sentence(err, plain(sentence, "yellow"))
    for number, answer in enumerate(answers):
        if number:
            out.print()
        there = answer.measure_there and devices.measure_there(found, answer.target, whole=True)
        show_answer(answer, there)
    if any(answer.chosen is None for answer in answers):
        raise typer.Exit(1)


def _weights(texts: list[str]) -> dict[str, float]:
    """The weights by metric; raises PlanError for what is none."""
    from edgebench.core import problems, units
    from edgebench.core.policy import NAMES

    found: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        name = PREFERENCES.get(name, name)
        if not equals:
            raise PlanError(f"--weight {text!r}: must be METRIC=NUMBER, such as latency=2")
        if name not in NAMES:
            raise PlanError(problems.not_among("weight", list(NAMES), name).of("--weight"))
        found[name] = units.number(number, f"--weight {name}", "2", least=0)
    return found


def show_answer(answer: Recommendation, measure_there: tuple[str, ...] = ()) -> None:
    """Print the answer for one target, folded at the terminal's width except for what users copy."""
    from edgebench.choosing import reasons
    from edgebench.choosing.values import compared
    from edgebench.core import formats

    _line(answer.target, f" on {answer.host}" if answer.host else "")
    m = answer.chosen
    if m is None:
        _say("ship", "nothing", style="yellow")
    else:
        _say("ship", reasons.title(m), style="green")
        if answer.path is None:
            _say("file", answer.file, style="yellow")
        else:
            for number, path in enumerate(formats.files(m.format, answer.path)):
                _line(f"{'and' if number else 'file':<{LABEL}}", str(path), style="cyan")
        _line(f"{'sha256':<{LABEL}}", answer.sha256)
        _say("gives", ", ".join(reasons.shown(m, metric) for metric in compared(m.emulated)))
    _say("why", answer.why)
    for place, line in zip(("here", "there"), measure_there, strict=False):
        _line(f"{place:<{LABEL}}", line, style="cyan")
    if answer.policy_text:
        _say("policy", answer.policy_text)
    _say("not", *(f"{reasons.title(rival)}: {text}" for rival, text in answer.rivals))
    _say("bounds", *answer.costs)
    _say(
        "fits" if answer.untrained else "nearest", *(f"{reasons.title(near)}: {text}" for near, text in answer.nearest)
    )
    if answer.snippet:
        _line(f"{'load it':<{LABEL}}", "with this program, in the folder of the file")
        _line("", f"\n{answer.snippet.rstrip()}")


def _say(label: str, *texts: str, style: str = "") -> None:
    """Print texts next to a label, folded between words."""
    import textwrap

    from rich.text import Text

    for number, text in enumerate(texts):
        joined = UNIT.sub(f"{HARD}\\1", text)
        width = max(out.width - LABEL, 20)
        for at, line in enumerate(textwrap.wrap(joined, width, break_on_hyphens=False, break_long_words=False)):
            head = label if not number and not at else ""
            body = line.replace(HARD, " ")
            out.print(Text.assemble((f"{head:<{LABEL}}", "bold"), plain(body, style)), soft_wrap=True)


def _line(label: str, text: str, style: str = "") -> None:
    """Print a label and a text for copying, on one line that only the terminal wraps."""
    from rich.text import Text

    out.print(Text.assemble(plain(label, "bold"), plain(text, style)), soft_wrap=True)
