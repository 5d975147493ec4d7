"""Figures as inline SVG, made at build time: pure functions from the site's numbers.

What they have in common is in `drawing` and `figure`.
"""
