"""Studies: how much each choice moves the score, from runs that exist. Which runs a study is made
of, what they say beside each other, and its tables, figures and page. Asking a model is not here;
`harness.runner.study` does that.
"""
