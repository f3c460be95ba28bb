"""The command line: arguments in, calls out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from edgebench import __version__
from edgebench.cli import completion
from edgebench.cli.bundle import bundle
from edgebench.cli.cluster_options import ClusterAddress, Insecure, TlsCa, TlsCert, TlsKey, cluster_of
from edgebench.cli.compare import compare, gate
from edgebench.cli.console import USAGE, command, out, say_error
from edgebench.cli.data import data
from edgebench.cli.explain import explain
from edgebench.cli.export import export
from edgebench.cli.inspect import inspect
from edgebench.cli.optimize import optimize
from edgebench.cli.options import option
from edgebench.cli.quantize import quantize
from edgebench.cli.recommend import recommend
from edgebench.cli.report import report
from edgebench.cli.run import measure, run
from edgebench.cli.train import train
from edgebench.cli.usage import said
from edgebench.cli.worker import worker
from edgebench.reports.plain import plain

app = typer.Typer(
    name="edgebench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Export trained networks, measure each artifact on the device, and compare accuracy with speed.",
    epilog="Start with: [bold]edgebench run[/bold] (the embedded demo set), or [bold]edgebench doctor[/bold].",
)
app.add_typer(data, name="data")


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    """Show the version on --version."""
    if version:
        out.print(plain(f"edgebench {__version__}"))
        raise typer.Exit


for verb in (
    run, measure, bundle, export, report, recommend, optimize, compare, gate, train, quantize, explain, inspect, worker,
):  # fmt: skip
    app.command()(verb)


@app.command("list")
@command
def list_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="Only this kind, such as models, exporters or targets.",
            autocompletion=completion.of("KIND"),
        ),
    ] = "",
) -> None:
    """List datasets, models, variants, exporters, runtimes, report formats and targets.

    \b[bold]Example[/bold]

    \bedgebench list
    edgebench list models    # parameters, size, multiply-adds and scores of each
    """
    from edgebench.cli.list_view import show_list

    show_list(kind)


@app.command()
@command
def doctor(
    target: Annotated[
        str, option("--target", "TARGET", "Ask the device of this target, over SSH, instead; installs nothing there.")
    ] = "",
    cluster: ClusterAddress = None, tls_ca: TlsCa = None, tls_cert: TlsCert = None, tls_key: TlsKey = None,
    insecure: Insecure = False,
) -> None:  # fmt: skip
    """Show this machine's hardware, and what it can run, emulates or does not support, with the reason.

    \b[bold]Example[/bold]

    \bedgebench doctor
    edgebench doctor --target pi.toml
    edgebench doctor --cluster tls://HOST:8786    # each worker's machine
    """
    if asked := cluster_of(cluster, tls_ca, tls_cert, tls_key, insecure):
        from edgebench.cli.fleet_view import show_workers

        show_workers(asked)
        return
    from edgebench.cli.diagnosis_view import show_diagnosis

    show_diagnosis(target)


def main() -> None:
    """Entry point: a usage error is one line, as every other wrong input, with exit code 2."""
    try:
        with completion.whole_words():
            code = app(prog_name="edgebench", standalone_mode=False)  # also for python -m edgebench
    except Exception as error:
        # Of typer's own click or of the package click, by its version; without a message it is help that was shown.
        if not hasattr(error, "format_message"):
            raise
        if line := said(error, app):
            say_error(line)
        sys.exit(USAGE)
    sys.exit(code if isinstance(code, int) else 0)
