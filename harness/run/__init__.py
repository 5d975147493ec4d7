"""Run a model over a task: open, ask, append, merge, map, score."""
