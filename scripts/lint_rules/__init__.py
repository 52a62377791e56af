"""The rules of scripts/lint. Each is a function of the files that yields problems."""
