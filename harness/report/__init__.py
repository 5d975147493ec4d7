"""Results as tables, the forms of a table, and the one way to a terminal.

A table (`table.py`) is made once, by `results_table.py` or `comparison_tables.py`; `forms.py` and
`latex.py` write it; `change_plot.py`, `fate_plot.py` and `class_plot.py` draw, as `drawing.py` says
of all pictures. Pages of the leaderboard are in `leaderboard/pages`.
"""
