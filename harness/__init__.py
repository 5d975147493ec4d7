"""Measure multimodal LLMs, and the models they are compared with, as image classifiers."""

__version__ = "0.1.0"
