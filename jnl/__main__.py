"""`python -m jnl` is the command `jnl`."""

import sys

from jnl import cli

if __name__ == "__main__":
    sys.exit(cli.main())
