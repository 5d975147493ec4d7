"""The model classes of lmms-eval, asked in our runs, each in a process of its own.

Tasks for lmms-eval's own command are written by `export/lmms_eval`.
"""
