"""From a task and its images to requests: order, groups, options, rendered text.

How a model's own chat template wraps a prompt is in the adapter's folder.
"""
