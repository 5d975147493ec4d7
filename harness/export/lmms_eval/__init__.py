"""Tasks that lmms-eval's own command runs, scored by the functions of this harness.

Model classes of lmms-eval in our runs are in `adapters/lmms_eval`.
"""
