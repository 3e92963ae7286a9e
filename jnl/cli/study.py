"""Run a study of memorization, draw its figure and write its numbers.

jnl study NAME [--data=mnist --data_dir=DATA --out=DIR --quick ...]

  fitting           networks fit random labels and noise too, but need more time (Zhang et al. 2017, figure 1)
  difficulty        how many of 100 networks misclassify each example after one epoch (Arpit et al. 2017, figure 1)
  critical_samples  the critical sample ratio over the training (Arpit et al. 2017, section 6)
  regularization    which regularizers hinder memorization without harm on real data (Arpit et al. 2017, section 5)

The default of --out is studies/NAME-DATA. With --quick a study takes less than a minute and uses the data set digits.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jnl.parallel import devices
from jnl.studies import critical_samples, difficulty, fitting, regularization
from jnl.studies.report import create, write
from jnl.studies.settings import MEANINGS, Settings, StudyResult, quick
from jnl.support.paths import expanded

STUDIES: dict[str, tuple[Callable[[Settings], StudyResult], Settings]] = {
    module.__name__.rpartition(".")[2]: (module.study, module.USUAL)
    for module in (fitting, difficulty, critical_samples, regularization)
}


def main(arguments: Sequence[str]) -> int:
    """Run the study that the arguments name, and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl study", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(STUDIES))
    parser.add_argument("--out", type=expanded, help="the folder for the figure and the numbers")
    parser.add_argument("--quick", action="store_true", help="use few images of digits and few epochs")
    for field in Settings._fields:  # options that are absent keep the values of the study
        kind = type(Settings._field_defaults[field])
        parser.add_argument(
            f"--{field}", type=str if field == "data_dir" else kind, default=argparse.SUPPRESS,
            help=f"{MEANINGS[field]} (default: {_defaults(field)})",
        )  # fmt: skip
    asked = vars(parser.parse_args(arguments))
    name, out, quickly = (asked.pop(field) for field in ("name", "out", "quick"))
    study, usual = STUDIES[name]
    settings = (quick(usual) if quickly else usual)._replace(**asked)
    devices.use_cores()
    folder = out or Path("studies") / f"{name}-{settings.data}"
    begin = time.perf_counter()
    create(folder)
    found = study(settings)
    write(folder, name, settings, found, time.perf_counter() - begin)
    print(f"{json.dumps(found.summary, indent=1)}\nthe figure is in {folder}")
    return 0


def _defaults(field: str) -> str:
    """Return the default of a setting, and after it the defaults of the studies that differ, as a text."""
    usual = Settings._field_defaults[field]
    others = {name: getattr(settings, field) for name, (_, settings) in STUDIES.items()}
    return "; ".join([f"{usual}", *(f"{value} for {name}" for name, value in others.items() if value != usual)])
