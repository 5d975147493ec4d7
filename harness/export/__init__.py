"""Tasks and results in the form that other tools read, a folder for each tool.

What the leaderboard's site offers for download is in `leaderboard/files`.
"""
