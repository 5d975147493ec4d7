"""From the text of an answer to an outcome: taken apart, read by a ladder of named rules.

Which class a text encoder finds nearest is in `mapping`; what is right is decided in `score`.
"""
