"""The process that reads one picture: `python -m kb.importing.picture_worker NAME`.

As `kb.importing.worker`, for a file that is a picture and nothing else.
"""

from __future__ import annotations

import sys

from kb.importing.document import Document
from kb.importing.pictures import Pictures
from kb.importing.worker import REFUSED

UNKNOWN = (
    "It is no picture that can be shown: PNG, JPEG, WebP, GIF, BMP and TIFF are, of at least 8 by 8 and at "
    "most 40 million pixels."
)


def main() -> None:
    """Reads, and ends the process."""
    pictures = Pictures()
    if pictures.add(sys.stdin.buffer.read()) is None:
        sys.stderr.write(UNKNOWN)
        sys.exit(REFUSED)
    sys.stdout.buffer.write(Document(form="md", pictures=pictures.kept).to_bytes())


if __name__ == "__main__":
    main()
