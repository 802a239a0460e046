"""The walks share the browser tests' Chromium."""

from tests.browser.conftest import chromium

__all__ = ["chromium"]
