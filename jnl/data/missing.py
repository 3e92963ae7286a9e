"""The usual spellings of a missing value."""

SPELLINGS = frozenset(
    "|na|n/a|n.a.|nan|-nan|null|none|nil|nat|<na>|#n/a|#na|#n/a n/a|#null!|1.#ind|-1.#ind|1.#qnan|-1.#qnan|?|-|--|.|"
    r"missing|(null)|<null>|\n|#value!|undefined|—|–".split("|")
)  # \n is what databases write as a backslash and N
DASHES = ("-", "–", "—")  # a class where "+" is one


def is_missing(text: str) -> bool:
    """Return whether a text is the spelling of a missing value, such as "", "NA", "n/a" or "?"."""
    return text.strip().lower() in SPELLINGS
