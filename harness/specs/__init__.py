"""What the YAML files may say: strict pydantic models, one a kind of file; and the catalogue.

What they name is opened in `data`, `encoders` and `adapters`.
"""
