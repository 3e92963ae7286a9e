"""The version of jnl. `pyproject.toml` reads it here."""

VERSION = "0.1.0"
