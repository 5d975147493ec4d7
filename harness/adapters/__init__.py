"""Models behind one method: a batch of requests in, one response each out, in the same order."""
