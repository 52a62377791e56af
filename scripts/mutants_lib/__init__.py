"""Mutants: bugs put into the core on purpose, to see that the tests notice (docs/mutants.md)."""
