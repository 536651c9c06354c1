"""Archives that somebody sent, such as Excel files: looked at before anything of them is unpacked."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from kb.formats import BadFile

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = 10_000
UNPACKED = 200_000_000
RATIO = 100
_SMALL = 1_000_000
"""A part below this may be packed tighter than RATIO: a sheet of equal cells is."""


def check_archive(path: Path) -> None:
    """Raises BadFile for what is no archive, or would unpack to more than anybody can mean.

    At most 10,000 parts, 200 MB in all, 100 times what they take packed; no part outside the archive's
    own folder, and no link.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadFile(None, f"is no Excel file that can be read ({error})") from None
    if len(parts) > ENTRIES:
        raise BadFile(None, f"holds {len(parts):,} parts; at most {ENTRIES:,} are read")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > UNPACKED or (unpacked > _SMALL and unpacked > RATIO * max(packed, 1)):
        raise BadFile(
            None, f"would unpack from {packed / 1e6:.1f} to {unpacked / 1e6:,.0f} MB, which is not read"
        )
    for part in parts:
        steps = part.filename.replace("\\", "/").split("/")
        is_link = (part.external_attr >> 16) & 0o170000 == 0o120000
        if ".." in steps or part.filename.startswith(("/", "\\")) or ":" in steps[0] or is_link:
            raise BadFile(None, "holds a part outside its own folder, and is not read")
