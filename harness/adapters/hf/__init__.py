"""Image-text-to-text models of transformers: the prompt, the shared prefix, writing and ranking.

What other families of transformers' models need is in `classifiers`.
"""
