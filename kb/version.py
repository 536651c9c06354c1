"""Which Precedent this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """The installed version; 0 where the code runs without being installed."""
    try:
        return version("precedent")
    except PackageNotFoundError:
        return "0"
