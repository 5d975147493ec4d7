"""What can be known before a run, and what must not change a run's answers.

These are for people who ask (`harness check`, `harness plan`); a run's own look at its data is in
`runs`.
"""
