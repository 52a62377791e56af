"""Real processes, tormented: see scripts/dev/battery."""
