"""From entries to a static site: numbers first, then pages and files made of nothing else.

`entries` is what people submit, `numbers` what it comes to, `pages` and `files` how it is shown.
"""
