"""What a run is going to ask, take and cost: `harness plan`.

Nothing here loads weights, asks a server or fetches data; how a model is asked without its weights
is its adapter's to say (`Preview`).
"""
