"""The options of commands that choose networks of a workdir."""

import argparse


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options `--model`, `--point`, `--run` and `--network`."""
    parser.add_argument("--model", help="the network, if the config named one that jnl does not have: MODULE:NAME")
    parser.add_argument("--point", help="title of a point of a sweep")
    parser.add_argument("--run", type=int, help="number of one run")
    parser.add_argument("--network", type=int, help="1 or 2")
