"""A browser, for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from opened_pages import CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    # Without its sandbox, since tests may run as root; the page is our own.
    with sync_playwright() as driver, driver.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox"]
    ) as launched:  # fmt: skip
        yield launched
