"""From entries to a static site: numbers first, then pages and files made of nothing else."""
