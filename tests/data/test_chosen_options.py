from __future__ import annotations

import pytest

from edgebench.core.datasets import Option
from edgebench.core.errors import DataError
from edgebench.data.chosen_options import chosen, listed

OPTIONS = {
    "frames": Option("8", "frames of a clip", low=1, high=64),
    "fit": Option("crop", "how it is fitted", ("crop", "squash")),
    "classes": Option("", "names"),
}


def test_defaults_and_given_values() -> None:
    assert chosen("d", OPTIONS, {}) == {"frames": "8", "fit": "crop", "classes": ""}
    assert chosen("d", OPTIONS, {"frames": " 64 ", "classes": "a,b"}) == {
        "frames": "64",
        "fit": "crop",
        "classes": "a,b",
    }
    assert listed("a, b") == ("a", "b") and listed("") == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frame": "8"}, "did you mean 'frames'"), ({"x": "8"}, "there is frames, fit, classes"),
        ({"frames": "0"}, "from 1 to 64"),
        ({"frames": "65"}, "from 1 to 64"), ({"frames": "9" * 400}, "whole number"), ({"frames": "٣"}, "whole number"),
        ({"frames": "8.0"}, "whole number"), ({"frames": ""}, "whole number"),
        ({"fit": "x" * 500}, "choose crop, squash"),
    ],
)  # fmt: skip
def test_wrong_ones_in_one_short_line(given: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said) as raised:
        chosen("d", OPTIONS, given)
    assert str(raised.value).startswith("d: ") and len(str(raised.value)) < 200 and "\n" not in str(raised.value)
