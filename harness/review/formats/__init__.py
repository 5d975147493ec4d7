"""Formats of other tools: a review's answers written for them, theirs read.

What comes of what was read, answers in a review's folder, is in `harness.review.importing`.
"""
