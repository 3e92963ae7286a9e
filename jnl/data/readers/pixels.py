"""Turn an image of any form into upright, opaque pixels of 8 bits, and say what was done to it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor, ImageOps

from jnl.support.errors import UserError
from jnl.support.text import number

_PNG_DEPTH = 24  # the place of the number of bits in the header of a PNG file
_ORIENTATION, _BITS, _INTERPRETATION = 274, 258, 262  # tags of EXIF and TIFF
_TURNING = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}  # what may hold an orientation
_SIDEWAYS = (5, 6, 7, 8)  # the orientations that exchange height and width
_DARK_IMAGE = 16  # of 255: if no pixel of an image of more than 8 bits reaches this level, it is nearly black
_DONE = {
    "turned": "{} {was} turned upright, because the EXIF orientation says so",
    "opaque": "{} with transparency {was} put on a {background} background (data.background)",
    "scaled": "{} of more than 8 bits {was} scaled to 8 bits",
    "dark": "{} of more than 8 bits {is} nearly black after scaling; set data.range to the values of black and white, "
    "such as 0,4095",
    "dark colors": "{} of more than 8 bits {is} nearly black, because only the upper 8 bits can be read; convert them "
    "to 8 bits",
    "CMYK": "{} {was} converted from CMYK to RGB without a color profile",
    "frame": "{} {has} several frames, of which only the first was read",
    "gray": "{} {is} gray and got three equal channels",
    "color": "{} {has} colors and became gray",
    "resized": "{} {was} resized to {height} x {width}",
}
_VERBS = {"was": "were", "is": "are", "has": "have"}  # for one image, and for several
DOUBTFUL = ("dark", "dark colors")  # what is done by a guess


class UnclearError(ValueError):
    """The values of black and white are not known, or do not fit."""


class Rules(NamedTuple):
    """What the pixels of a file mean, where the file does not say it."""

    background: str = "white"  # the color under transparent pixels
    range: tuple[float, ...] = ()  # the values of black and white in images of more than 8 bits; () follows the format

    def check(self) -> None:
        """Raise `UserError` if the background is not a color."""
        try:
            ImageColor.getrgb(self.background)
        except ValueError as error:
            raise UserError(
                f"data.background: {self.background!r} is not a color; give a name such as white, or #rrggbb"
            ) from error


def parse_range(text: str) -> tuple[float, ...]:
    """Return the two numbers of `data.range`, such as "0,4095"; nothing for an empty text.

    Raises:
      UserError: These are not two numbers in ascending order.
    """
    if not text.strip():
        return ()
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        low = high = np.nan
    if not (np.isfinite((low, high)).all() and low < high):
        raise UserError(f"data.range: {text!r}; give the values of black and white, such as 0,1 or 0,4095")
    return low, high


def sideways(image: Image.Image) -> bool:
    """Return whether an image that is not decoded yet will exchange height and width when it is turned upright."""
    if not _TURNING & image.info.keys():  # Pillow turns TIFF files itself
        return False
    return Image.Image.getexif(image).get(_ORIENTATION, 1) in _SIDEWAYS  # that of PNG would decode the image


def is_gray(image: Image.Image) -> bool:
    """Return whether an image has no colors."""
    return image.mode in ("1", "L", "F", "LA", "La") or image.mode[0] == "I"


def plain(image: Image.Image, rules: Rules, done: list[str]) -> Image.Image:
    """Return an image as upright and opaque, of mode "L" or "RGB".

    Args:
      image: the image, of any mode.
      rules: what its pixels mean.
      done: what is done to the image is appended to this list.

    Raises:
      UnclearError: The values of black and white are not known, or the range does not hold all values, or there is one
        but Pillow gives only the upper 8 bits.
    """
    bits = _depth(image)
    if image.format in ("GIF", "PNG", "TIFF", "WEBP") and getattr(image, "is_animated", False):
        done.append("frame")
    image = _upright(image, done)
    if image.mode[0] in "IF":
        return _eight_bits(image, rules, done)
    if bits > 8:
        _say_dropped_bits(image, bits, rules, done)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _opaque(image, rules.background, done)
    if image.mode == "CMYK":
        done.append("CMYK")
    wanted = "L" if is_gray(image) else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def sentences(done: Mapping[str, int], form: Sequence[int], background: str) -> list[str]:
    """Return a sentence for each thing that was done.

    Args:
      done: number of images of each thing.
      form: height, width and channels of all images now.
      background: see `Rules`.
    """
    fields = {"background": background, "height": form[0], "width": form[1]}
    return [
        text.format(number(count, "image"), **fields, **_verbs(count))
        for key, text in _DONE.items()
        if (count := done.get(key, 0))
    ]


def _verbs(count: int) -> dict[str, str]:
    """Return the form of each verb for a number of images."""
    return {one: one if count == 1 else several for one, several in _VERBS.items()}


def _upright(image: Image.Image, done: list[str]) -> Image.Image:
    """Return an image turned upright."""
    stored = image.tag_v2.get(_ORIENTATION, 1) if hasattr(image, "tag_v2") else 1  # Pillow forgets it when it turns
    image.load()
    if stored == 1 and not _TURNING & image.info.keys():
        return image
    if stored in range(2, 9) or image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        done.append("turned")
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _depth(image: Image.Image) -> int:
    """Return the bits of each channel in the file of an image that is not decoded yet, or 8 if nothing says more."""
    if image.format == "TIFF":
        return int(max(getattr(image, "tag_v2", {}).get(_BITS, (8,))))
    if image.format == "PPM" and (tiles := getattr(image, "tile", [])):
        decoder, *_, values = tiles[0]
        deep = str(decoder).startswith("ppm") and isinstance(values, tuple) and int(values[-1]) > 255
        return 16 if deep else 8
    file = getattr(image, "fp", None)
    if image.format != "PNG" or file is None:
        return 8
    place = file.tell()
    file.seek(_PNG_DEPTH)
    bits = file.read(1)[0]
    file.seek(place)
    return int(bits)


def _say_dropped_bits(image: Image.Image, bits: int, rules: Rules, done: list[str]) -> None:
    """Add to `done` that Pillow gave the upper 8 bits of colors of more, and whether this left them nearly black."""
    if rules.range:
        raise UnclearError(
            f"only the upper 8 of its {bits} bits can be read, because it has several channels, so data.range cannot "
            "be used; convert it to 8 bits, or leave data.range out"
        )
    done.append("scaled")
    bands = [band for name, band in zip(image.getbands(), image.split(), strict=True) if name != "A"]
    if max(int(np.asarray(band).max()) for band in bands) < _DARK_IMAGE:
        done.append("dark colors")


def _opaque(image: Image.Image, background: str, done: list[str]) -> Image.Image:
    """Return an image whose transparent pixels show the background, of mode "RGB", or "L" if it is gray."""
    gray, image = is_gray(image), image.convert("RGBA")
    if np.asarray(image.getchannel("A")).min() < 255:
        done.append("opaque")
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
    return image.convert("L" if gray else "RGB")


def _eight_bits(image: Image.Image, rules: Rules, done: list[str]) -> Image.Image:
    """Return a gray image of more than 8 bits as mode "L"."""
    values, tags, key = np.asarray(image), getattr(image, "tag_v2", {}), image.info.get("transparency")
    if rules.range:
        levels = scaled(values, rules.range)
    elif image.mode.startswith("I;") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        bits = tags.get(_BITS, (16,))[0]
        levels = (values.astype(np.int64) >> (bits - 8)).clip(0, 255).astype(np.uint8)
    else:
        raise UnclearError(
            f"its pixels have the mode {image.mode!r} and values from {values.min():g} to {values.max():g}; set "
            "data.range to the values of black and white, such as 0,1"
        )
    done += ["scaled"] if levels.max() >= _DARK_IMAGE else ["scaled", "dark"]
    if isinstance(key, int) and (values == key).any():  # this value means transparent
        done.append("opaque")
        levels = np.where(values == key, np.asarray(Image.new("L", (1, 1), rules.background)), levels)
    return Image.fromarray(255 - levels if tags.get(_INTERPRETATION) == 0 else levels)


def scaled(values: np.ndarray, limits: tuple[float, ...]) -> np.ndarray:
    """Return values as u8 of the same shape, so that the limits become 0 and 255.

    Raises:
      UnclearError: A value is outside the limits, or not a number.
    """
    low, high = limits
    least, most = values.min(), values.max()
    if not low <= least <= most <= high:
        raise UnclearError(f"it has values from {least:g} to {most:g}, outside data.range, {low:g} to {high:g}")
    return np.rint((values - np.float64(low)) * (255 / (high - low))).astype(np.uint8)
