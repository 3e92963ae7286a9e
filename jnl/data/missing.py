"""The usual spellings of a missing value."""

SPELLINGS = frozenset(
    "|na|n/a|n.a.|nan|-nan|null|none|nil|nat|<na>|#n/a|#na|#n/a n/a|#null!|1.#ind|-1.#ind|1.#qnan|-1.#qnan|?|-|--|.|"
    "missing|(null)".split("|")
)


def is_missing(text: str) -> bool:
    """Return whether a text is the spelling of a missing value, such as "", "NA", "n/a" or "?"."""
    return text.strip().lower() in SPELLINGS
