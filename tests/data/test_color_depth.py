"""Images with several channels of 16 bits, of which Pillow reads the upper 8 bits, are never black."""

import struct
import zlib

import numpy as np
import pytest

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
RNG = np.random.default_rng(0)
COLOR_TYPES = {2: 4, 3: 2, 4: 6}  # number of channels -> color type of PNG


def png(values):
    """A PNG file of 16 bits: u16[H, W, 2, 3 or 4]."""
    height, width, channels = values.shape

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 16, COLOR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(values):
    """A TIFF file of 16 bits: u16[H, W, 3]."""
    height, width, channels = values.shape
    pixels = values.astype("<u2").tobytes()
    bits, place = 8 + len(pixels), 16 + len(pixels)
    tags = (
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, bits), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 8),
        (277, 3, 1, channels), (278, 4, 1, height), (279, 4, 1, len(pixels)), (284, 3, 1, 1),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", place) + pixels + struct.pack("<HHHH", 16, 16, 16, 0) + directory


def ppm(values):
    """A PPM file of 16 bits: u16[H, W, 3]."""
    return b"P6\n%d %d\n65535\n" % (values.shape[1], values.shape[0]) + values.astype(">u2").tobytes()


KINDS = {"gray and transparent": (png, 2), "color": (png, 3), "transparent": (png, 4), "TIFF": (tiff, 3)}


def written(own, kind, most, channels_of=KINDS):
    write, channels = channels_of[kind]
    values = RNG.integers(0, most, (6, 5, channels)).astype(np.uint16)
    if write is png and channels != 3:
        values[..., -1] = 65535  # opaque
    for label in "ab":
        (own / "mine" / label).mkdir(parents=True)
        (own / "mine" / label / "0.x").write_bytes(write(values))
    return values


@pytest.mark.parametrize("kind", KINDS)
def test_colors_of_sixteen_bits_become_eight_and_this_is_said(kind, own):
    values = written(own, kind, 65536)
    for _ in range(2):  # also from the cache
        found = data.load("folder", own / "mine")
        np.testing.assert_array_equal(found.train.inputs[0, ..., 0], values[..., 0] >> 8)
        assert "2 images of more than 8 bits were scaled to 8 bits" in found.notes
    with pytest.raises(UserError, match="only the upper 8 of its 16 bits can be read, .* leave data.range out"):
        data.load("folder", own / "mine", range="0,65535")


@pytest.mark.parametrize("kind", KINDS)
def test_colors_that_would_be_nearly_black_are_refused(kind, own):
    written(own, kind, 4096)
    with pytest.raises(UserError, match="data.dir: images such as .* nearly black, .*; convert them to 8 bits"):
        data.load("folder", own / "mine")


def test_portable_pixmaps_of_sixteen_bits_too(own):
    """Pillow rounds them, where it cuts the lower bits of the others."""
    values = written(own, "PPM", 65536, {"PPM": (ppm, 3)})
    found = data.load("folder", own / "mine")
    np.testing.assert_array_equal(found.train.inputs[0], np.rint(values / 257))
    assert "2 images of more than 8 bits were scaled to 8 bits" in found.notes


def test_a_plain_bitmap_has_one_bit(own):
    for label in "ab":
        (own / "mine" / label).mkdir(parents=True)
        (own / "mine" / label / "0.pbm").write_text("P1\n2 2\n1 0 0 1\n")
    assert data.load("folder", own / "mine").train.inputs[0, ..., 0].tolist() == [[0, 255], [255, 0]]


def test_dark_pixmaps_are_refused(own):
    written(own, "PPM", 3000, {"PPM": (ppm, 3)})
    with pytest.raises(UserError, match="data.dir: images such as .* nearly black, .*; convert them to 8 bits"):
        data.load("folder", own / "mine")


def test_some_dark_colors_among_others_are_doubted(own):
    written(own, "color", 65536)
    (own / "mine" / "a" / "1.x").write_bytes(png(np.full((6, 5, 3), 4000)))
    with pytest.warns(UserWarning, match="1 image of more than 8 bits is nearly black, because only the upper 8 bits"):
        data.load("folder", own / "mine")
