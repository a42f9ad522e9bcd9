"""Regions: how their codes nest.

Source: GB/T 2260: province, city and district are two digits each.
"""

from typing import Final

_LEVEL: Final = 2


def region_prefix(region_code: str) -> str:
    """Return what the codes of a region's parts begin with."""
    while region_code.endswith("00"):
        region_code = region_code[:-_LEVEL]
    return region_code
