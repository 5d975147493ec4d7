"""What a task is about: classes, and how their names are compared; ids of images.

Label sets are in `labels`, images in `images`; what a YAML may say of them is in `specs`.
"""
