"""Trains what a config describes, and prints a table.

python train.py --config=configs/jocor.py:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]

Each file in configs/ takes an argument after a colon: data=, noise=, rate=, model=, reference, quick. Any field of the
config can be changed with --config.FIELD=VALUE. Nothing is written without --workdir.
"""

import sys
from collections.abc import Sequence
from functools import cache

import jnl
from jnl import command, data
from jnl.config import points
from jnl.experiment import describe, execute, open_workdir
from jnl.parts import build
from jnl.writers import Workdir, table


def train(arguments: Sequence[str]) -> None:
    """Runs every point of the config's sweep, each in a folder of its own, and prints one table of them all."""
    config, workdir = command.parse(arguments)
    load = cache(data.load)  # one copy on the device for all the points
    # All are checked before the first one trains, so that what is wrong with the last is told at once.
    parts = {title: build(point, swept, load) for title, swept, point in points(config)}
    folders = {title: workdir and (workdir / title if config.get("sweep") else workdir) for title in parts}
    for folder in folders.values():
        Workdir.check(folder)
    summaries = {}
    for title, part in parts.items():
        with open_workdir(part, folders[title]) as output:
            print(describe(part), flush=True)
            summaries[title] = execute(part, output).summary
    print(table(summaries))


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, 2 for what the user can put right, 130 after Ctrl-C."""
    if {"--help", "-h"} & set(arguments):
        print(__doc__)
        return 0
    try:
        train(arguments)
    except jnl.UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the epochs that were finished are in the workdir, if one was given", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
