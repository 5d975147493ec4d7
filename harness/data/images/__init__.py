"""Where images come from: hub, `datasets` folder, table or folder; decoded late, one at a time.

Nothing here knows labels or prompts.
"""
