"""The contract of a strategy: what it gets, what it returns, and the state of the networks that it trains."""
