from __future__ import annotations

from edgebench.cli.inspect import BLOCKS, bars


def test_a_histogram_is_a_line_whose_highest_bin_is_full_and_whose_rarest_is_seen() -> None:
    drawn = bars((0, 1, 1000, 500), 4)
    assert [BLOCKS.index(sign) for sign in drawn] == [0, 1, len(BLOCKS) - 1, -(-(len(BLOCKS) - 1) // 2)]


def test_bins_are_merged_into_the_width() -> None:
    assert bars((1, 1, 0, 0), 2) == f"{BLOCKS[-1]}{BLOCKS[0]}"
    assert bars((0, 0), 8) == BLOCKS[0] * 2, "nothing was counted"
