"""The figures of a study, a file each, and which of them its data allow (`allowed.py`)."""
