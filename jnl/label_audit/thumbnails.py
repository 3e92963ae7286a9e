"""Small pictures of the examples in large sheets, which a page decodes only when it shows them."""

import base64
import io

import numpy as np
from PIL import Image

_SIDE = 64  # largest side of a thumbnail in pixels
_PER_ROW, _PER_SHEET = 16, 256
_QUALITY = 80  # of JPEG; more does not show at this size


def sheets(images: np.ndarray, rows: np.ndarray) -> list[str]:
    """Return sheets of thumbnails of some images, as JPEG in base64.

    Thumbnail n is number n % 256 of sheet n // 256; 16 stand in a row.

    Args:
      images: u8[N, H, W, channels].
      rows: i[n] the images to show, in the order of their thumbnails.
    """
    side = min(max(images.shape[1:3]), _SIDE)
    made = []
    for first in range(0, len(rows), _PER_SHEET):
        some = rows[first : first + _PER_SHEET]
        high = -(-len(some) // _PER_ROW)
        sheet = Image.new("RGB", (_PER_ROW * side, high * side), "black")
        for place, row in enumerate(some):
            at = (place % _PER_ROW * side, place // _PER_ROW * side)
            sheet.paste(_small(np.asarray(images[row]), side), at)
        held = io.BytesIO()
        sheet.save(held, "JPEG", quality=_QUALITY)
        made.append(base64.b64encode(held.getvalue()).decode())
    return made


def _small(image: np.ndarray, side: int) -> Image.Image:
    """Return u8[H, W, channels] as a picture of at most this side: the first 3 channels, or 1 of fewer."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] < 3 else image[..., :3]).convert("RGB")
    picture.thumbnail((side, side))
    return picture
