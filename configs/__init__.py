"""One config per strategy, and the quickstart."""
