"""Readers of file formats and of published labels. The data sets in `sources/` use them."""
