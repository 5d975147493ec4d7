"""From predictions to results: pure functions over arrays, no model, no data set, no GPU.

Runs are opened and closed in `runs`; tables are made in `report`.
"""
