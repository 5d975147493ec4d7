"""Runs whose answers exist: merge, map, score, compare, remap, import.

No model is asked here; that is `runner`.
"""
