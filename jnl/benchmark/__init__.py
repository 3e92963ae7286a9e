"""Measure how fast this machine trains and how near that is to its limit: `python -m jnl.benchmark --help`."""
