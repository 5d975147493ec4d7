"""Results as tables, the forms of a table, and the one way to a terminal.

A table (`table.py`) is made once, by a file `…_table.py` or `…_tables.py`; `forms.py` and
`latex.py` write it; the files `…_plot.py` draw, as `drawing.py` says of all pictures. Pages of the
leaderboard are in `leaderboard/pages`.
"""
