"""Progress of a long job: a bar for each stage; below them the cells, the running steps and the last result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.measurements import Measurement
from edgebench.core.progress import EXPORT, ProgressReporter
from edgebench.core.serialization import readable
from edgebench.reports import columns
from edgebench.reports.plain import plain

NAME, BAR = 31, 20
"""Characters of a stage's name and of its bar on a terminal of `USUAL` columns."""
USUAL = 80
LEAST_BAR = 8
ROOM = 12
"""Lines of a terminal that the table of machines leaves to the rest."""
OF_EXPORT = 3.0
"""An export with its check takes about so many times as long as a measuring process."""
AT_ONCE = 0.02
"""Seconds; a step that took less was skipped, not done."""


class Live(ProgressReporter):
    """Bars with a status below them on a terminal; elsewhere a line for each stage, finished job, cell and failure."""

    def __init__(self, console: Console, keep: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._keep, self._clock = console, keep, clock
        narrow = console.width < USUAL
        name = Column(width=min(NAME, console.width * 2 // 5), no_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=name),
            BarColumn(max(LEAST_BAR, console.width // 5) if narrow else BAR), MofNCompleteColumn(),
            _TimeColumn(narrow), console=console, auto_refresh=False,
        )  # fmt: skip
        self._task: TaskID | None = None
        self._reading: TaskID | None = None
        self._cells = self._done = self._without = 0
        self._ahead: dict[str, int] = {}
        """Steps of the stages ahead."""
        self._planned, self._remote = False, 0
        self._named: set[str] = set()
        """The stages of the outline."""
        self._stage = ""
        self._taken: list[float] = []
        """Seconds of the finished steps in the stages of the outline; an export counts as a later step may take."""
        self._taken_here: list[float] = []
        """Those of the current stage."""
        self._since = clock()
        self._running: dict[str, None] = {}
        self._what = self._last = ""
        self._machines: dict[str, str] = {}
        """What each other machine is doing, by its name."""
        self._screen = Screen(
            console=console, get_renderable=self.render, refresh_per_second=4, auto_refresh=console.is_interactive
        )

    def __enter__(self) -> Live:
        if self._console.is_interactive:
            self._screen.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._what = self._last = ""  # only the bars and the counts stay visible
        if self._console.is_interactive:
            self._screen.stop()

    def outline(self, cells: int, steps: Mapping[str, int], remote_cells: int = 0) -> None:
        """How many cells there are and which steps are ahead; without `steps`, these are not known yet."""
        self._cells, self._ahead = cells, dict(steps)
        self._planned, self._remote = bool(steps) and EXPORT not in steps, remote_cells
        self._named = set(steps)

    def stage(self, name: str, total: int) -> None:
        """Start a new bar."""
        if self._reading is not None:
            self._progress.update(self._reading, visible=False)
            self._reading = None
        if self._task is not None:
            self._progress.stop_task(self._task)
            if not self._keep:
                self._progress.update(self._task, visible=False)
        self._task = self._progress.add_task(readable(name), total=max(total, 1), completed=0 if total else 1)
        self._ahead.pop(name, None)
        self._stage = name
        self._taken_here.clear()
        self._since, self._what = self._clock(), ""
        self._running.clear()
        if not self._console.is_interactive:
            steps = f": {total} steps" if total > 1 else ""
            self._console.print(plain(f"{name}{steps}"))

    def begin(self, text: str) -> None:
        """A step begins."""
        self._running[text] = None

    def step(self, text: str = "") -> None:
        """A step ends: move the bar."""
        now = self._clock()
        taken, self._since = now - self._since, now
        if done := taken >= AT_ONCE:  # skipped steps of a resumed run say nothing about the others
            self._taken_here.append(taken)
        if done and self._stage in self._named:
            self._taken.append(taken / (OF_EXPORT if self._stage == EXPORT else 1))
        self._running.pop(text, None)
        self._what = ""
        if self._task is not None:
            self._progress.update(self._task, advance=1)
            if done and text and self._cells and not self._console.is_interactive:
                task = self._progress.tasks[self._progress.task_ids.index(self._task)]
                counts = f"{task.completed:.0f} of {task.total:.0f}{self._about()}"
                self._console.print(plain(f"{text} ({counts})"), soft_wrap=True)

    def result(self, text: str) -> None:
        """Show the last result."""
        self._last = text

    def detail(self, text: str) -> None:
        """Show how far a long step is."""
        self._what = text

    def progress(self, done: int, total: int) -> None:
        """Move the bar for reading records."""
        if self._reading is None:
            self._reading = self._progress.add_task("read records", total=total)
        self._progress.update(self._reading, completed=done, total=total)

    def built(self, artifact: str, outcome: Outcome[Artifact]) -> None:
        """Show the artifact as the last result, or print a line for a failure."""
        if outcome.status != "ok":
            self.note(f"{artifact}: {outcome.status}: {outcome.reason}")
            return
        self._last = f"{artifact}: {columns.size(outcome.value.file_size_bytes)}"

    def cell(self, measurement: Measurement) -> None:
        """Count a cell and show its result, or print a line for a failure."""
        m = measurement
        self._done += 1
        self._without += m.status != "ok"
        if m.status == "ok":
            score = columns.score_of(m)
            scored = f"{score.metric.label} {score.metric.text(score.value)}" if score else ""
            texts = (columns.duration(columns.median(m)), scored, columns.timing(m))
            self._last = f"{m.cell.label}: {', '.join(filter(None, texts))}"
            if not self._console.is_interactive and self._cells:
                line = f"{self._last} ({self._done} of {self._cells})"
                self._console.print(plain(line), soft_wrap=True)
        elif m.status in ("failed", "timeout"):
            self.note(f"{m.cell.label}: {m.status}: {m.reason}")

    def counting(self, name: str) -> Callable[[int, int], None]:
        """A bar for a job that reports its progress; returns the function to call with (done, total)."""
        task = self._progress.add_task(readable(name), total=None)
        return lambda done, total: self._progress.update(task, completed=done, total=total)

    def machine(self, name: str, doing: str) -> None:
        """A line of the table of machines."""
        if doing:
            self._machines[name] = doing
        else:
            self._machines.pop(name, None)

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(plain(text, "yellow"), soft_wrap=not self._console.is_terminal)

    def left_s(self) -> float | None:
        """Estimate of the seconds that the stages of the outline still take; None where it is not known yet."""
        if self._stage not in self._named or not self._taken or self._task is None:
            return None
        task = self._progress.tasks[self._progress.task_ids.index(self._task)]
        mean = sum(self._taken) / len(self._taken)
        here = self._taken_here or self._taken  # steps of different stages take different times
        return sum(here) / len(here) * (task.remaining or 0) + mean * sum(self._ahead.values())

    def _about(self) -> str:
        """The time left in words, after other words; empty where it is not known."""
        time_left = self.left_s()
        return f", about {clock_text(time_left)} left {'here' if self._remote else 'in all'}" if time_left else ""

    def render(self) -> Group:
        """The bars with the status below them."""
        return Group(self._progress.get_renderable(), *self._status(), *self._of_machines())

    def _of_machines(self) -> list[Table]:
        """A line for each machine at work, as many as there is room for."""
        if not self._machines:
            return []
        table, room = Table.grid(padding=(0, 1)), max(1, self._console.height - ROOM)
        for name, doing in sorted(self._machines.items())[:room]:
            table.add_row(
                Text(readable(name), "bold", no_wrap=True), Text(readable(doing), overflow="ellipsis", no_wrap=True)
            )
        if (more := len(self._machines) - room) > 0:
            table.add_row("", f"and {more} more")
        return [table]

    def _status(self) -> list[Text]:
        lines = []
        if self._cells:
            running = min(len(self._running), self._cells - self._done) if self._planned else 0
            left = self._cells - self._done - running
            at_work = f"{running} running, " if self._planned else ""
            lost = f" ({self._without} not measured)" if self._without else ""
            counts = f"{self._done} done{lost}, {at_work}{left} to come"
            lines.append(("cells", f"{counts}{self._about()}"))
        now = ", ".join(self._running) or self._what
        lines += [("now", now)] if now else []
        lines += [("last", self._last)] if self._last else []
        return [_line(*line) for line in lines]


class _TimeColumn(TextColumn):
    """The time that a stage has taken and will take; on a narrow terminal only the latter."""

    def __init__(self, narrow: bool) -> None:
        super().__init__("")
        self._narrow = narrow

    def render(self, task: Task) -> Text:
        """`took 17 s`, or `17 s, 5 s left`; a stage with one step has no estimate."""
        taken = clock_text(task.finished_time if task.finished and task.finished_time else task.elapsed or 0.0)
        if task.finished:
            return Text("" if self._narrow else f"took {taken}", style="progress.elapsed")
        left = "" if task.time_remaining is None else f"{clock_text(task.time_remaining)} left"
        parts = [left] if self._narrow else [taken, left]
        return Text(", ".join(filter(None, parts)), style="progress.remaining")


def _line(heading: str, text: str) -> Text:
    return Text.assemble((f"{heading:<6}", "bold"), readable(text), no_wrap=True, overflow="ellipsis")


def clock_text(seconds: float) -> str:
    """Seconds in words: 45 s, 3 min, 1 h 20 min."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
