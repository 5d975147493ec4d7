"""The files of a run: rows, manifest, directory, lock; read and written a line at a time.

What stands in them is decided elsewhere.
"""
