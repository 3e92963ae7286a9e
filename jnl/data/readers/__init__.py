"""Readers of file formats and of published labels, which the data sets in `sources/` use."""
