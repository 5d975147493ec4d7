"""Files beside the pages: tables to take along, data for the scripts, the feed.

Their numbers are those of the pages.
"""
