"""Results as tables and lines for a person, and the one way to a terminal.

Pages of the leaderboard are in `leaderboard/pages`.
"""
