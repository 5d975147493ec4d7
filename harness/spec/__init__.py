"""What the YAML files may say: strict pydantic models, one for each kind of file."""
