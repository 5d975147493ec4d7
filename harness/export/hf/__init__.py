"""Runs as a data set of the Hugging Face hub: predictions, labels, classes, scores, and a card.

Only `push.py` uploads.
"""
