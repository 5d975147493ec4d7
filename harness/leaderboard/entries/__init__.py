"""Entries of the leaderboard: made of runs, checked by one checker, judged in a public ledger.

How they rank is in `numbers`.
"""
