"""Trained models in use: load them from a workdir, and predict."""
