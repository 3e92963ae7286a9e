"""The fields of a config, their default and published values, sweeps, and plans over epochs."""
