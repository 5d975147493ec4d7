"""From a task and its images to requests: order, groups, options, rendered text."""
