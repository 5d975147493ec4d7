"""The pages of the site: views, tables, figures, templates filled in.

No number is computed here.
"""
