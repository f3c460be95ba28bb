"""What makes a record's labels: its diagnostic statements, and the superclass of each."""

from __future__ import annotations

import re
from functools import lru_cache

from edgebench.core.errors import DataError
from edgebench.data.ptbxl.tables import Table
from edgebench.data.signals import SUPERCLASSES

LONGEST = 4000
"""Characters of one record's statements; PTB-XL's longest have 160."""
STATEMENT = re.compile(
    r"""(['"])(?P<code>[^'",:{}\\]{1,40})\1\s*:\s*(?P<likelihood>\d{1,3}(?:\.\d{0,20})?)""", re.ASCII
)
MOST_LIKELIHOOD = 100.0


def superclasses(table: Table) -> dict[str, str]:
    """Diagnostic statement → superclass, for every statement with `diagnostic == 1`, as PhysioNet's example does."""
    diagnostic, classes = table.column("diagnostic"), table.column("diagnostic_class")
    rows = zip(table.rows, diagnostic, classes, strict=True)
    found = {row[0].strip(): name for row, flag, name in rows if re.fullmatch(r"1(\.0*)?", flag)}
    unknown = sorted(set(found.values()) - set(SUPERCLASSES))
    if unknown or not found:
        shown = [name[:20] for name in unknown[:3]]
        raise DataError(f"{table.path}: diagnostic_class {shown or 'is empty'}; expected {', '.join(SUPERCLASSES)}")
    return found


@lru_cache(maxsize=4096)
def statements(text: str) -> dict[str, float] | None:
    """The likelihood of each statement in percent, from a text such as `{'NORM': 100.0, 'SR': 0.0}`.

    None where it is anything else: the text is compared with that form, never evaluated.
    """
    if len(text) > LONGEST or text[:1] != "{" or text[-1:] != "}":
        return None
    *parts, last = text[1:-1].split(",")
    found: dict[str, float] = {}
    for part in (*parts, last) if last.strip() else parts:  # a comma may stand after the last one
        one = STATEMENT.fullmatch(part.strip())
        if one is None or float(one["likelihood"]) > MOST_LIKELIHOOD:
            return None
        found[one["code"]] = float(one["likelihood"])
    return found
