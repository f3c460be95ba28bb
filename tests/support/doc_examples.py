"""Which test carries out which block of the pages, and what none carries out, with the reason."""

from __future__ import annotations

from doc_blocks import DOCS, ROOT, Block, blocks, indented

NOT_CARRIED_OUT = {
    ("README.md", 'python3 -m venv .venv && . .venv/bin/activate && pip install -e ".[all,test]"'): (
        "it starts these tests: CI carries it out word for word, in a new environment (.ci/run)"
    ),
    ("docs/getting-started.md", 'python3 -m venv .venv && . .venv/bin/activate && pip install -e ".[all]"'): (
        "the README's main command begins with it, and is carried out"
    ),
    ("docs/raspberry-pi.md", "echo performance | sudo tee"): "needs a Raspberry Pi: it sets the processor's governor",
    (
        "docs/fleet.md",
        "dask scheduler --protocol tls",
    ): "it needs several machines; tests/fleet has processes",
    ("docs/fleet.md", "sbatch --array"): "it needs Slurm",
    ("docs/concepts.md", "model → variant → exporter"): "a picture in letters",
    ("docs/design.md", "data → models → compress"): "a picture in letters",
}
"""By page and beginning of the block: the reason why no test carries it out."""

SEQUENCES = {
    "commands": (("README.md", "&& edgebench run"),),
    "first": (
        *(("docs/getting-started.md", text) for text in (
            "edgebench doctor", "run --exporter onnx ", "edgebench report", "edgebench measure", "import edgebench",
            "data fetch",
        )), ("docs/csv.md", ""),
    ),
    "ptbxl": (("docs/getting-started.md", "data info"),),
    "own": (("docs/own-model.md", ""), ("docs/models.md", ""), ("README.md", "run --artifact net.onnx")),
    "task": (("docs/own-task.md", ""),),
    "use": (
        ("README.md", "edgebench doctor"), ("README.md", "edgebench bundle"), ("docs/reports.md", ""),
        ("docs/exporters.md", ""), ("docs/targets.md", 'name = "gateway"'), ("docs/targets.md", "edgebench doctor"),
        ("docs/choosing.md", "recommend RUN"), ("docs/compression.md", "edgebench quantize"),
        ("docs/compression.md", "edgebench explain"), ("docs/fleet.md", "local:2"),
    ),
    "optimize": (("docs/optimize.md", ""),),
    "trained": (
        ("README.md", "data fetch ptbxl ptbxl --folds"), ("docs/compression.md", "edgebench run"), ("docs/plan.md", ""),
    ),
    "pi": (("docs/raspberry-pi.md", ""), ("README.md", "--target pi.toml")),
    "adding": (("docs/adding.md", ""),),
}  # fmt: skip
"""Blocks whose commands and code go on from each other, in one folder: page, and a text that they have."""


def all_blocks() -> list[Block]:
    """Every block of the pages."""
    return [block for page in DOCS for block in (*blocks(page), *indented(page))]


def left_out(block: Block) -> list[tuple[str, str]]:
    """The entries of the list that mean this block."""
    return [k for k in NOT_CARRIED_OUT if ROOT / k[0] == block.page and block.first.startswith(k[1])]


def is_plugin(block: Block) -> bool:
    """Whether it is a plug-in of docs/adding.md, or its entry point: installed and used by test_docs_adding.py."""
    return block.page.name == "adding.md" and block.text.startswith(('"""', "[project.entry-points"))


def is_step(block: Block) -> bool:
    """Whether it is to be carried out in a folder, and not only read: commands, code, and files that these need."""
    steps = block.language in ("sh", "python") or block.mark.startswith("tested file ")
    return steps and not left_out(block) and not is_plugin(block) and not is_fragment(block)


def is_fragment(block: Block) -> bool:
    """Whether it is the backbone in docs/adding.md: built by test_docs_adding.py."""
    return block.page.name == "adding.md" and "ImageArchitecture(" in block.text


def sequence(name: str) -> list[Block]:
    """The steps of a sequence, in their order."""
    return [
        block
        for page, text in SEQUENCES[name]
        for block in (*blocks(ROOT / page), *indented(ROOT / page))
        if is_step(block) and text in block.text
    ]


def is_answer(block: Block) -> bool:
    """Whether it shows what the command above it says: compared by test_docs_output.py."""
    return block.mark.startswith("example ")


def is_excerpt(block: Block) -> bool:
    """Whether it shows a part of what is in the repository or in a run: compared by test_docs_output.py."""
    names = ("edgebench/", "[tool.setuptools.package-dir]")
    return block.language == "json" or (block.page.name == "design.md" and block.text.startswith(names))


def carriers(block: Block) -> list[str]:
    """What carries a block out or compares it, each once."""
    return [
        *(f"sequence {name}" for name in SEQUENCES if block in sequence(name)),
        *(["test_docs.py loads it"] if block.language == "toml" else []),
        *(["test_docs_adding.py uses it"] if is_plugin(block) or is_fragment(block) else []),
        *(["test_docs_output.py compares it"] if is_answer(block) or is_excerpt(block) else []),
    ]
