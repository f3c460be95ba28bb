"""The description of this machine and its fingerprint."""

from __future__ import annotations

import numpy as np

from edgebench.measuring import environment


def test_environment_is_this_machines() -> None:
    import os
    import platform

    facts = environment.describe()
    assert facts["architecture"] == {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    assert facts["threads"] == os.cpu_count()
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["fingerprint"] == environment.fingerprint(environment.machine())
    assert environment.fingerprint(facts | {"cores": 1000}) != facts["fingerprint"]


def test_this_process_does_not_shift_the_fingerprint() -> None:
    """Load, temperature and frequency change by the minute; a machine stays the same machine."""
    facts = environment.describe()
    changed = facts | {"load_average": 99.0, "temperature_c": 99.0, "frequency_hz": 1.0}
    assert environment.fingerprint(changed) == facts["fingerprint"]
