"""Ask a model: begin or go on, batches, processes, progress, errors.

What is done with the answers afterwards, without the model, is in `runs`.
"""
