"""One run, inside jit: what it is made of, one step, one epoch, evaluation, metrics, optimizers."""
