"""The rules of the checker: small functions that give findings, each with a code that stays.

What they look at is made by `leaderboard/entries`; a rule never opens a file.
"""
