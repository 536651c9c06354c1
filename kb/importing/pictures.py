"""Pictures out of documents, encoded anew: what a browser gets is pixels, nothing of what somebody sent."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from typing import TYPE_CHECKING, Any

from kb.importing.document import PICTURE, Picture

if TYPE_CHECKING:
    from kb.importing.document import PictureType

READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
WRITTEN: dict[str, PictureType] = {"JPEG": "jpeg", "WEBP": "webp"}
"""What a format becomes; all others become PNG."""
MAX_PIXELS = 40_000_000
MAX_SIDE = 2_400
MAX_PICTURES = 200
MAX_BYTES = 20_000_000
LEAST_SIDE = 8
"""Smaller ones are dots and lines of a layout."""
DATA = "data:"


class Pictures:
    """The pictures of one document: each once, and what was left out counted."""

    def __init__(self) -> None:
        self.kept: list[Picture] = []
        self._numbers: dict[str, int] = {}
        self._bytes = 0
        self.unshown = 0
        """Of a kind that is not kept, or damaged."""
        self.outside = 0
        """On another machine or in another file: never opened."""
        self.too_many = 0

    def add(self, data: bytes) -> str | None:
        """What stands in the text for a picture; None for one that is left out."""
        picture = _encoded(data)
        if picture is None:
            self.unshown += 1
            return None
        return self._keep(picture)

    def add_image(self, image: Any) -> str | None:
        """The same of a picture that is unpacked already."""
        return self._keep(Picture("png", _saved(image, "PNG")))

    def add_address(self, address: str) -> str | None:
        """The same of a picture in a `data:` address. No other address is ever opened."""
        if not address.startswith(DATA):
            self.outside += 1
            return None
        head, _, body = address.partition(",")
        try:
            data = base64.b64decode(body, validate=False) if head.endswith(";base64") else b""
        except binascii.Error:
            data = b""
        return self.add(data)

    def notices(self) -> list[str]:
        """What was left out, in sentences."""
        said = (
            (self.unshown, "could not be kept: only PNG, JPEG, WebP, GIF, BMP and TIFF are"),
            (self.outside, "stood elsewhere: other files and machines are never opened"),
            (self.too_many, f"were too many: at most {MAX_PICTURES} or {MAX_BYTES / 1e6:.0f} MB are kept"),
        )
        return [
            f"{number} {'picture' if number == 1 else 'pictures'} {words}."
            for number, words in said
            if number
        ]

    def _keep(self, picture: Picture) -> str | None:
        number = self._numbers.get(picture.digest)
        if number is None:
            if len(self.kept) == MAX_PICTURES or self._bytes + len(picture.data) > MAX_BYTES:
                self.too_many += 1
                return None
            number = self._numbers[picture.digest] = len(self.kept)
            self.kept.append(picture)
            self._bytes += len(picture.data)
        return f"{PICTURE}{number}"


def _encoded(data: bytes) -> Picture | None:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of too many pixels is a warning first
            with Image.open(io.BytesIO(data), formats=READ) as image:
                if min(image.size) < LEAST_SIDE:
                    return None
                name = image.format or "PNG"
                upright = ImageOps.exif_transpose(image)
                written = name if name in WRITTEN else "PNG"
                return Picture(WRITTEN.get(written, "png"), _saved(upright, written))
    except Exception:  # noqa: BLE001 - decoders of damaged pictures raise what they like
        return None


def _saved(image: Any, name: str) -> bytes:
    """Its pixels alone: what else a file said (where it was taken, with what) goes."""
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    if name == "JPEG":
        plain = image.convert("RGB")
    else:
        plain = image.convert(image.mode if image.mode in {"RGB", "RGBA", "L", "LA"} else "RGBA")
    plain.info.clear()
    out = io.BytesIO()
    plain.save(out, name)
    return out.getvalue()
