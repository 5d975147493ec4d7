"""Give tasks, answers and scores to other tools in the form that they read."""
