"""Text encoders: the models that turn class names and answers into comparable unit vectors."""
