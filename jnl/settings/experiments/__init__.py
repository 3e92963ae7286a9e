"""Configs that are not for one method: tables, data sets, the quickstart. A file holds a function with its name."""
