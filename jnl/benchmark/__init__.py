"""How fast this machine trains, and how far that is from its limit: `python -m jnl.benchmark --help`."""
