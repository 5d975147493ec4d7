"""Review: models help people to correct the labels. Which images people look at (the queue), what
they are shown and what they answered, how far they agree, and the label set that comes of it.

No model is asked here and no run is scored again: `harness score --label_set` does that. What the
page does in the browser is in `page/`, the server of a group in `server.py`.
"""
