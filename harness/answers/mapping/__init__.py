"""From an answer in free text to the class whose name a text encoder finds nearest.

The encoders themselves are in `encoders`; which rows of a run are to be mapped is in `runs`.
"""
