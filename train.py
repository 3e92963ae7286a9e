"""`python train.py --config=configs/jocor.py:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]`."""

import os
import sys

from absl import flags
from ml_collections import ConfigDict, config_flags

import jnl
from jnl import config as settings
from jnl.experiment import describe, execute
from jnl.parts import build
from jnl.writers import table

_CONFIG = config_flags.DEFINE_config_file("config", help_string="a file of configs/, with an argument after a colon")
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "where metrics.jsonl and summary.json go; nothing is written without it"
)


def parse(arguments: list[str]) -> tuple[ConfigDict, str | None]:
    """The config and the workdir of a command line.

    Raises:
      UserError: an option that does not exist or a value that does not fit.
    """
    try:
        rest = flags.FLAGS(arguments)
    except (flags.Error, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        cause = " ".join(str(error).split())
        raise jnl.UserError(cause) from error
    if len(rest) > 1:
        raise jnl.UserError(f"{rest[1]}: not an option; options start with --, such as --config=configs/jocor.py")
    if _CONFIG.value is None:
        raise jnl.UserError("--config: missing; give one, such as --config=configs/quickstart.py")
    return _CONFIG.value, _WORKDIR.value


def train(config: ConfigDict, workdir: str | None) -> dict[str, jnl.History]:
    """Runs every point of the config's sweep, each in a folder of its own, and prints one table of them all."""
    # All are built before the first one trains, so that what is wrong with the last is told at once.
    points = [(_title(values, point), build(point)) for values, point in settings.points(config)]
    results = {}
    for title, parts in points:
        print(describe(parts), flush=True)
        folder = os.path.join(workdir, title) if workdir is not None and config.get("sweep") else workdir
        results[title] = execute(parts, folder)
    print(table({title: history.summary for title, history in results.items()}))
    return results


def _title(values: dict[str, settings.Value], point: ConfigDict) -> str:
    parts = [str(value) if field.endswith(".name") else f"{field}={value}" for field, value in values.items()]
    return ",".join(parts) or point.strategy.name


def main(arguments: list[str]) -> int:
    """Exit code 0, 2 for what the user can put right, 130 after Ctrl-C."""
    try:
        train(*parse(arguments))
    except jnl.UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the epochs that were finished are in the workdir, if one was given", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
