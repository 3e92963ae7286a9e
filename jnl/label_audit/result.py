"""The result of an audit."""

import json
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from types import MappingProxyType

import numpy as np
import pandas as pd

from jnl.data.corrections import guarded
from jnl.data.dataset import Dataset
from jnl.label_audit.estimates import USED, words
from jnl.label_audit.neighborhood import Neighbors
from jnl.noise.posterior import NoiseEstimate
from jnl.support.errors import UserError, within
from jnl.support.json_values import Json
from jnl.support.paths import expanded

FILES = ("audit.json", "suspects.csv", "suspects.parquet", "examples.parquet", "index.html")  # that an audit writes


@dataclass(frozen=True)
class Audit:
    """Which labels of a data set are probably wrong, and how many.

    Attributes:
      noise_rate: estimated share of wrong labels.
      noise_interval: its 95 % interval over bootstrap samples. It does not hold the error of the networks themselves.
        It is (0, 1) if no model says anything about the labels.
      transition: f64[C, C] estimated P(given = column | true = row).
      estimates: all estimates of the noise, by name; `maximum_likelihood` is the one above.
      examples: a pandas frame with one row for each example, in order: `index`, `file` if there is one, `given`,
        `suggested`, `probability` that the given label is wrong, the columns of the evidence, and `reasons`.
      class_names: names of the classes.
    """

    noise_rate: float
    noise_interval: tuple[float, float]
    transition: np.ndarray
    estimates: Mapping[str, NoiseEstimate]
    examples: pd.DataFrame = field(repr=False)
    class_names: Sequence[str]
    dataset: Dataset = field(repr=False)
    neighbors: Neighbors | None = field(repr=False)

    @property
    def suspects(self) -> pd.DataFrame:
        """The examples whose label is more likely wrong than right, most likely first."""
        wrong = self.examples[self.examples["probability"] > 0.5]
        return wrong.sort_values("probability", ascending=False, kind="stable")

    @property
    def classes(self) -> pd.DataFrame:
        """A row for each class with examples: their number, how many are expected to be wrong, suspects, and precision.

        The rows have the order of `class_names`. `expected_precision` is the share of the suspects that is expected to
        be wrong.
        """
        suspected = self.examples["probability"] > 0.5
        groups = self.examples.assign(
            suspects=suspected, wrong_suspects=self.examples["probability"].where(suspected, 0.0)
        ).groupby("given", sort=True)
        found = groups.agg(
            examples=("index", "size"), expected_wrong=("probability", "sum"), suspects=("suspects", "sum"),
            expected_precision=("wrong_suspects", "sum"),
        )  # fmt: skip
        found["expected_precision"] /= found["suspects"].where(found["suspects"] > 0)
        place = {name: number for number, name in enumerate(self.class_names)}
        return found.sort_index(key=lambda given: given.astype(str).map(place)).reset_index()

    def decisions(self, at_least: float = 0.9) -> pd.DataFrame:
        """Return the decision to take each suggestion that is at least this probable, without a review.

        Written by `to_csv(path, index=False)`, it is a file for `data.corrections`.

        Args:
          at_least: the smallest probability that the suggested label is right, from 0 to 1.

        Raises:
          UserError: if it is no probability.
        """
        within("at_least", at_least, 0, 1, "give a probability, such as 0.9")
        sure = self.suspects[self.suspects["suggested_probability"] >= at_least]
        found = {"index": sure["index"], "given": sure["given"], "decision": "relabel", "label": sure["suggested"]}
        return pd.DataFrame(found | ({"file": sure["file"]} if "file" in sure else {}))

    def __str__(self) -> str:
        return self.describe()

    def describe(self) -> str:
        """Return the result in a few lines."""
        low, high = self.noise_interval
        others = [f"{words(name)} {each.rate:.1%}" for name, each in self.estimates.items() if name != USED]
        lines = [
            f"{len(self.examples):,} examples of {len(self.class_names)} classes",
            f"about {self.noise_rate:.1%} of the labels are wrong (95% interval {low:.1%} to {high:.1%}; it "
            "does not include the errors of the models)",
            *([f"other estimates: {', '.join(others)}"] if others else []),
            f"{len(self.suspects):,} labels are more likely wrong than right",
        ]
        for name, many in (("outlier", "outliers"), ("overlap", "between two classes")):
            if name in self.examples:
                lines.append(f"{int(self.examples[name].sum()):,} examples are {many}")
        if "duplicate_of" in self.examples:
            twin = self.examples["duplicate_of"].to_numpy()
            given = self.examples["given"].to_numpy()
            twice, differs = twin >= 0, int((given[twin] != given)[twin >= 0].sum())
            lines.append(
                f"{int(twice.sum()):,} examples are nearly the same as another one; {differs:,} of these have another "
                "label"
            )
        return "\n".join(lines)

    def show(self) -> None:
        """Print the result, and open the page of suspects in a browser."""
        folder = Path(mkdtemp(prefix="jnl-audit-"))
        self.save(folder)
        print(self.describe())
        webbrowser.open((folder / "index.html").as_uri())

    def save(self, folder: Path | str, record: Mapping[str, Json] = MappingProxyType({})) -> list[Path]:
        """Write the files of the audit, and return their paths.

        `suspects.csv` and `suspects.parquet` hold the suspects, `examples.parquet` all examples, `audit.json` the
        estimates, and `index.html` the page.

        Args:
          folder: the folder, which is made.
          record: what else `audit.json` says. The page shows its `data`, the name of the data, and its `command`.

        Raises:
          UserError: if a file cannot be written.
        """
        from jnl.label_audit.page import page

        folder, suspects = expanded(folder), self.suspects
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".part-", dir=folder) as part:  # so that a full disk spoils no earlier audit
                files = [Path(part) / name for name in FILES]
                files[0].write_text(json.dumps({**record, **self.to_json()}, indent=1) + "\n", encoding="utf-8")
                _no_formulas(suspects).to_csv(files[1], index=False, float_format="%.6f", lineterminator="\n")
                suspects.to_parquet(files[2], index=False)
                self.examples.to_parquet(files[3], index=False)
                files[4].write_text(page(self, record), encoding="utf-8")
                return [file.replace(folder / file.name) for file in files]
        except OSError as error:
            raise UserError(f"folder (--out): cannot write {folder} ({error.strerror}); give another one") from error

    def to_json(self) -> dict[str, object]:
        """Return the estimates as JSON."""
        return {
            "noise_rate": self.noise_rate,
            "noise_interval": list(self.noise_interval),
            "estimates": {name: [each.rate, each.low, each.high] for name, each in self.estimates.items()},
            "class_names": list(self.class_names),
            "transition": self.transition.round(6).tolist(),
            "examples": len(self.examples),
            "suspects": len(self.suspects),
            "data_notes": self.dataset.notes,
            "classes": json.loads(self.classes.to_json(orient="records")),
        }


def _no_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with an apostrophe before each text that a spreadsheet would take for a formula."""
    texts = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(**{name: [guarded(str(value)) for value in frame[name]] for name in texts})
