"""From a config to its results: build the programs, train them epoch by epoch, write what they measured."""
