"""Text encoders: the models that turn class names and answers into comparable unit vectors.

Their vectors are kept on disk by `cache`; what is nearest is found in `answers/mapping`.
"""
