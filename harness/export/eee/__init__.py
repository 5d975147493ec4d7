"""Runs as records of "Every Eval Ever", a schema in which results of evaluations are collected
(https://github.com/evaleval/every_eval_ever), version 0.3.0.
"""

from typing import Literal

Relationship = Literal["first_party", "third_party", "collaborative", "other"]
"""Of who asked a model to who made it."""
