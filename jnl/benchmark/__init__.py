"""Measure how fast this machine trains and how near that is to its limit: `jnl benchmark --help`."""
