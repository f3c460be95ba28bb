"""`edgebench inspect`: the weights of an artifact, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli.console import command, out, say_written
from edgebench.cli.usage import Refused

BLOCKS = " ▁▂▃▄▅▆▇█"
WIDTH = 16


@command
def inspect(
    artifact: Annotated[
        Path, typer.Argument(metavar="PATH", help="Folder of an artifact, its manifest, an .onnx or a .pt file.")
    ],
    picture: Annotated[
        Path | None,
        typer.Option("--picture", "-p", metavar="FILE", help="Draw the histograms into this .svg or .png file."),
    ] = None,
) -> None:
    """Show the weights of each layer: range, bits, zeros, and the error of int8.

    A float layer shows the signal-to-noise ratio that its weights would have in
    int8, with one scale and with one scale for each channel: a large gap means
    that per-channel scales matter. An int8 layer shows the ratio that its
    rounding has, and how many of the 256 integers it uses; on a wide terminal,
    its scales, zero points and the range of its input, where the file has them.
    Layers have their names in the network where the file says them (ONNX, eager,
    TorchScript of EdgeBench). Writes only the picture of --picture.

    \b[bold]Examples[/bold]

    \bedgebench inspect ship/resnet1d/none/onnx-int8
    edgebench inspect ship/resnet1d/none/onnx-int8 --picture weights.svg
    """
    from edgebench.artifacts import manifests, opening
    from edgebench.reports import columns
    from edgebench.reports.plain import plain
    from edgebench.reports.terminal import NARROW, print_table

    if picture and picture.suffix.lower() not in (".svg", ".png"):
        raise Refused(str(picture), "must end in .svg or .png", "--picture")
    made = manifests.outline(artifact)
    found = opening.layers(made.path, made.format, made.layer_prefix)
    int8 = out.width >= NARROW and any(f.scale for f in found)
    rows = [
        [
            f.name, "×".join(map(str, f.shape)), str(f.bits), f"{f.low:.3g} to {f.high:.3g}", f"{f.sparsity:.0%}",
            *([_ends(f.scale), _ends(f.zero_point), _ends(f.input_range, " to ")] if int8 else []), _db(f),
            bars(f.histogram, WIDTH if out.width >= NARROW else WIDTH // 2),
        ]
        for f in found
    ]  # fmt: skip
    title = f"{made.name}: {columns.size(made.size_bytes)}, {len(found)} layers with weights"
    if made.converts:
        out.print(plain(made.converts))
    more = ["scale", "zero point", "input"] if int8 else []
    headings = ["layer", "shape", "bits", "range", "zeros", *more, "int8 dB", "weights"]
    print_table(out, headings, rows, title, ("bits", "zeros"), fold=True)
    out.print(
        "int8 dB: signal to quantization noise of the weights. Float layers: one scale / one per channel. "
        "Int8 layers: rounding, and the share of the integers in use.", style="dim",
    )  # fmt: skip
    if picture:
        from edgebench.reports.histograms import draw

        draw([(f.name, f.low, f.high, f.histogram) for f in found], title, picture)
        say_written([picture])


def _db(f: object) -> str:
    from edgebench.artifacts.inspect import LayerFacts

    assert isinstance(f, LayerFacts)
    if f.rounding_db is not None:
        return f"{f.rounding_db:.0f}, {f.range_used or 0:.0%}"
    return f"{f.per_tensor_db or 0:.0f} / {f.per_channel_db or 0:.0f}"


def _ends(ends: tuple[float, float] | None, to: str = "–") -> str:
    """The smallest and the largest of a layer's channels; one number where they are the same."""
    if ends is None:
        return ""
    return f"{ends[0]:.3g}" if ends[0] == ends[1] else f"{ends[0]:.3g}{to}{ends[1]:.3g}"


def bars(counts: tuple[int, ...], width: int = WIDTH) -> str:
    """A histogram as one line of text, with its bins merged into `width` bins."""
    size = max(1, len(counts) // width)
    joined = [sum(counts[i : i + size]) for i in range(0, len(counts), size)]
    top = max(joined) or 1
    return "".join(BLOCKS[-(-n * (len(BLOCKS) - 1) // top)] for n in joined)
