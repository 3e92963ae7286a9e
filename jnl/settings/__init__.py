"""The fields of a config, their defaults and published values, sweeps, and plans over epochs."""
