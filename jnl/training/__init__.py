"""The training of one run inside jit: its parts, one step, one epoch, evaluation, metrics and optimizers."""
