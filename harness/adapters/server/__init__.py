"""Models behind a server that speaks OpenAI's chat completions: requests, faults, prices.

Nothing here knows which server it is, save the dialects of settings.
"""
