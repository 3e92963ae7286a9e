"""Code that all packages share: the contract of a strategy, the state of the networks, plug-ins, errors, signals."""
