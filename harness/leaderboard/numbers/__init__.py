"""Every number of the site, computed first, as frozen data.

Nothing here knows HTML; the scorer is `score`.
"""
