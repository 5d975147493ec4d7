"""`harness new`: a labelled data set is understood, and its YAML files are written.

Reading images, tables and labels is done by `data`; what a YAML may say is in `specs`.
"""
