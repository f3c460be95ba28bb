"""Each block of the README and of docs/ is carried out by a test, or is in the one list of those that are not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import doc_examples
import pytest
from doc_blocks import ROOT, Block, blocks, indented
from doc_examples import NOT_CARRIED_OUT, SEQUENCES, all_blocks, carriers, is_step, left_out, sequence


@pytest.mark.parametrize("block", all_blocks(), ids=lambda b: b.where)
def test_a_block_is_carried_out_or_in_the_list(block: Block) -> None:
    """Where this fails for a new block: put it into SEQUENCES, or into NOT_CARRIED_OUT with its reason."""
    assert bool(carriers(block)) != bool(left_out(block)), carriers(block)


def test_each_step_is_in_one_sequence() -> None:
    steps = Counter(block.where for name in SEQUENCES for block in sequence(name))
    assert set(steps.values()) == {1}
    assert set(steps) == {block.where for block in all_blocks() if is_step(block)}


@pytest.mark.parametrize("entry", NOT_CARRIED_OUT, ids=lambda e: e[0])
def test_each_entry_of_the_list_is_a_block(entry: tuple[str, str]) -> None:
    assert len([b for b in all_blocks() if entry in left_out(b)]) == 1
    assert NOT_CARRIED_OUT[entry]


def test_each_part_of_a_sequence_is_a_block() -> None:
    """None is left over from a page that changed."""
    for name, parts in SEQUENCES.items():
        for page, text in parts:
            assert [b for b in sequence(name) if b.page == ROOT / page and text in b.text], (name, page, text)


NEW = """# A page

```sh
edgebench list
```

- in a list

  ```
  written: results
  ```

## Indented
    edgebench doctor
"""


def test_new_blocks_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "new.md"
    page.write_text(NEW)
    found = [*blocks(page), *indented(page)]
    assert [(b.line, b.language, b.text, b.section) for b in found] == [
        (3, "sh", "edgebench list\n", "A page"), (9, "", "written: results\n", "A page"),
        (14, "sh", "edgebench doctor\n", ""),
    ]  # fmt: skip
    assert not [b for b in found if carriers(b) or left_out(b)]
    monkeypatch.setattr(doc_examples, "DOCS", (page,))
    assert all_blocks() == found


def test_the_main_command_begins_with_the_installation() -> None:
    (main,) = sequence("commands")
    (install,) = [b for b in all_blocks() if b.page.name == "getting-started.md" and "pip install -e" in b.text]
    assert main.text.startswith(f"{install.text.strip()} && ")


def test_ci_carries_out_the_test_command() -> None:
    """The one command that these tests cannot: it starts them."""
    (block,) = [b for b in all_blocks() if b.mark == "test command"]
    assert left_out(block) and block.language == "sh"
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test command -->" in script and 'bash -euo pipefail -c "$command"' in script
