"""Checks for methods of your own: `check_strategy` in a test of yours shows what a method does not keep."""

from jnl.testing.contract import check_strategy

__all__ = ["check_strategy"]
