"""Figures as inline SVG, made at build time: pure functions from the site's numbers."""
