"""The files of a run: rows, manifest, directory; read and written a line at a time."""
