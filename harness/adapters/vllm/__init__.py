"""Models that vLLM runs in this process's own engine. Prompts are rendered as for `hf`; a model
behind a server, vLLM's too, belongs to `server`.
"""
