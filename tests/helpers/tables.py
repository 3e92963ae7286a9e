"""A small table with two features and a label, and what is read from it."""

import numpy as np
import pandas as pd

from jnl import data

RNG = np.random.default_rng(0)
ROWS = 40
LABELS = ["cat", "dog"] * (ROWS // 2)
A, B = RNG.normal(0, 3, ROWS).round(2), RNG.integers(0, 4, ROWS)


def frame(**columns):
    return pd.DataFrame({"a": A, "b": B, "label": LABELS}).assign(**columns)


def loaded(own, content, name="mine.csv", **options):
    """A data set from text, bytes or a frame; features are as they are, unless asked."""
    path = own / name
    if isinstance(content, pd.DataFrame):
        content.to_parquet(path, index=False) if name.endswith("parquet") else content.to_csv(path, index=False)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return data.load("table", path, **{"standardize": False, **options})


def said(dataset):
    return " ".join(dataset.notes)


PLAIN = frame().to_csv(index=False)
