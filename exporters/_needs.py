"""What an exporter imports beyond the extra `all`."""

from __future__ import annotations

import importlib.util

from edgebench.core.errors import Unsupported


def require(extra: str, *modules: str) -> None:
    """Raise Unsupported, with the way out, where one of these modules is not installed."""
    for name in modules:
        if importlib.util.find_spec(name) is None:
            raise Unsupported(f"{name} is not installed: pip install 'edgebench[{extra}]'")
