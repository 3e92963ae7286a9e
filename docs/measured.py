"""Read what `results/methods` measured: all methods on MNIST, 20 epochs, 3 runs."""

import json
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parents[1] / "results" / "methods"
NOISES = {"mnist-symmetric-0.5": "symmetric 50 %", "mnist-asymmetric-0.4": "asymmetric 40 %"}


class Measured(NamedTuple):
    """What one method reached, in percent."""

    mean: float  # test accuracy of the last epoch, mean over runs and networks
    std: float  # over runs
    label_precision: float  # mean of the last 10 epochs

    def shown(self) -> tuple[str, str]:
        """Return the accuracy and the label precision for people."""
        return f"{self.mean:.2f} ± {self.std:.2f}", f"{self.label_precision:.1f}"


def last_epoch(noise: str) -> dict[str, Measured]:
    """Return the results under one of the `NOISES`: method -> its result."""
    found = {}
    for file in sorted((RESULTS / noise).glob("*/summary.json")):
        (point,) = json.loads(file.read_text("utf-8"))["points"]
        accuracy, precision = point["test_accuracy"]["last"]["mean"], point["label_precision"]["mean"]
        found[file.parent.name] = Measured(100 * accuracy["mean"], 100 * accuracy["std"], 100 * precision)
    return found
