"""Models behind one method: a batch of requests in, one response each out, in the same order.

Here are the seam and the table of adapters; each family has a folder. What is done with
responses is in `runner`.
"""
