"""From predictions to results: pure functions over arrays, no model, no data set, no GPU."""
