"""Texts for people and files."""

import pytest

from jnl.support.text import encodable


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("é.png", "é.png"),
        ("é日.png".encode().decode("ascii", "surrogateescape"), "é日.png"),
        (b"caf\xe9.png".decode("utf-8", "surrogateescape"), r"caf\udce9.png"),
        ("\ud800", r"\ud800"),
    ],
    ids=["utf8", "utf8 in a locale of ascii", "latin1", "half a character"],
)
def test_names_of_files_are_read_as_utf8_where_they_are(text, found):
    assert encodable(text) == found
