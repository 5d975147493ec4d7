"""Label sets: files in the formats that people publish, read to sets of class ids an image.

How predictions score on them is in `score`.
"""
