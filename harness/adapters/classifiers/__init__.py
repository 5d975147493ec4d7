"""Models that score classes: supervised networks, dual encoders, k-NN, linear heads.

Which class a score stands for, and what is top 1, is decided in `runs`.
"""
