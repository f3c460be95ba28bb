"""report.html: one file that opens offline, with interactive charts and tables that sort and filter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgebench.core.measurements import Run
from edgebench.reports import columns, machines, words
from edgebench.reports.html import cells, embedding, page, style

HERE = Path(__file__).parent
SCRIPTS = (
    "dom.js", "formats.js", "texts.js", "marks.js", "machine.js", "switches.js", "charts.js", "names.js", "pareto.js",
    "rows.js", "strips.js", "columns.js", "table.js", "classes.js", "page.js",
)  # fmt: skip
"""In the order in which they are read, as one script."""


class Html:
    """report.html: one page with charts and tables, which opens offline."""

    file = "report.html"

    def render(self, run: Run) -> Mapping[str, str]:
        """The page; raises ModuleNotFoundError where Jinja2 or Plotly is not installed."""
        import jinja2

        library = embedding.library()
        parts = "".join((HERE / name).read_text("utf-8") for name in SCRIPTS)
        script = embedding.safe(f'(() => {{\n"use strict";\n{parts}}})();\n', "script")
        found = machines.split(run)
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True, finalize=embedding.visible,
        )  # fmt: skip
        text = environment.get_template("page.html.j2").render(
            run=run.name,
            score=columns.label(run.measurements),
            words=words,
            incomplete=words.caveats(run),
            facts=page.facts(run.environment),
            machines=[page.section(run, machine, number) for number, machine in enumerate(found)],
            search=page.search(run),
            style=style.sheet(),
            data=embedding.json_block([cells.of_machine(run, machine) for machine in found]),
            library=library,
            script=script,
            policy=embedding.policy(library, script),
        )
        return {self.file: text}


RENDERER = Html()
