"""Trains what a config describes, and prints a table.

python train.py --config=configs/jocor.py:data=mnist [--workdir=DIR] [--config.noise.rate=0.5 ...]

Each file in configs/ takes an argument after a colon: data=, noise=, rate=, model=, reference, quick. Any field of the
config can be changed with --config.FIELD=VALUE. Nothing is written without --workdir.
"""

import sys
from collections.abc import Sequence

from jnl import command, devices
from jnl.description import describe
from jnl.errors import UserError
from jnl.experiment import open_workdir
from jnl.experiment import train as train_programs
from jnl.parts import build
from jnl.writers import table


def train(arguments: Sequence[str]) -> None:
    """Runs every point of the config's sweep, in as few programs as their shapes allow, and prints one table."""
    config, workdir = command.parse(arguments)
    devices.use_cores()
    devices.connect()
    programs = build(config)  # all are checked before the first one trains: what is wrong with the last is told at once
    with open_workdir(config, programs, workdir) as output:
        for line in dict.fromkeys(line for parts in programs for line in describe(parts)):  # what they share once
            say(line)
        histories = train_programs(programs, output)
    say(table(histories[0].summary["points"]))


def say(text: str) -> None:
    """To people, once, however many processes there are."""
    if devices.is_main():
        print(text, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, 2 for what the user can put right, 130 after Ctrl-C."""
    if {"--help", "-h"} & set(arguments):
        print(__doc__)
        return 0
    try:
        train(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the epochs that were finished are in the workdir, if one was given", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
