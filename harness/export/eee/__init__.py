"""Runs as records of "Every Eval Ever", a schema in which results of evaluations are collected
(https://github.com/evaleval/every_eval_ever), version 0.3.0.
"""
