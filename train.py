"""Trains what a config describes, and prints a table.

python train.py --config=configs/jocor.py:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]

Each file in configs/ takes an argument after a colon: data=, noise=, rate=, model=, reference, quick. Any field of the
config can be changed with --config.FIELD=VALUE. Nothing is written without --workdir.
"""

import os
import sys
from collections.abc import Sequence

from absl import flags
from ml_collections import ConfigDict, config_flags

import jnl
from jnl import config as settings
from jnl.errors import unknown
from jnl.experiment import describe, execute, open_workdir
from jnl.parts import build
from jnl.writers import table


def parse(arguments: Sequence[str]) -> tuple[ConfigDict, str | None]:
    """The config and the workdir of a command line.

    Raises:
      UserError: an option that does not exist or a value that does not fit.
    """
    values = flags.FlagValues()
    config = config_flags.DEFINE_config_file("config", flag_values=values, sys_argv=list(arguments))
    workdir = flags.DEFINE_string("workdir", None, "where the results go", flag_values=values)
    try:
        rest = values(arguments)[1:]
        if config.value is None:
            raise jnl.UserError("--config: missing; give one, such as --config=configs/quickstart.py")
        config.value.keys()  # a file that could not be loaded is told only when it is used
    except (flags.Error, ImportError, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _user_error(error, arguments) from error
    if rest:
        raise jnl.UserError(f"{rest[0]}: not an option; options start with --, such as --config=configs/jocor.py")
    return config.value, workdir.value


def _user_error(error: BaseException, arguments: Sequence[str]) -> jnl.UserError:
    """What went wrong, in one line: the config's own error, the field that does not exist, or the parser's words."""
    text = " ".join(str(error).split())
    own = text.rpartition("jnl.errors.UserError: ")  # a config file's error arrives as a printed stack
    if isinstance(error, jnl.UserError) or own[1]:
        return jnl.UserError(own[2])
    if isinstance(error, AttributeError | KeyError):
        for option in (argument for argument in arguments if argument.startswith("--config.")):
            *parents, leaf = option.removeprefix("--config.").partition("=")[0].split(".")
            fields, _ = parse([argument for argument in arguments if not argument.startswith("--config.")])
            for parent in parents:
                fields = fields.get(parent, ConfigDict())
            if leaf not in fields:
                return unknown(option.partition("=")[0], leaf, sorted(fields))
    if isinstance(error, OSError):
        return jnl.UserError(f"--config: {text.rpartition('path]: ')[2]}; give a file such as configs/jocor.py")
    return jnl.UserError(text)


def train(config: ConfigDict, workdir: str | None) -> dict[str, jnl.History]:
    """Runs every point of the config's sweep, each in a folder of its own, and prints one table of them all."""
    # All are built before the first one trains, so that what is wrong with the last is told at once.
    points = [(_title(values, point), build(point)) for values, point in settings.points(config)]
    results = {}
    for title, parts in points:
        folder = os.path.join(workdir, title) if workdir is not None and config.get("sweep") else workdir
        with open_workdir(parts, folder) as output:
            print(describe(parts), flush=True)
            results[title] = execute(parts, output)
    print(table({title: history.summary for title, history in results.items()}))
    return results


def _title(values: dict[str, settings.Value], point: ConfigDict) -> str:
    parts = [str(value) if field.endswith(".name") else f"{field}={value}" for field, value in values.items()]
    return ",".join(parts) or point.strategy.name


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, 2 for what the user can put right, 130 after Ctrl-C."""
    if {"--help", "-h"} & set(arguments):
        print(__doc__)
        return 0
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
