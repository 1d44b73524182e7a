"""What a person asks of the past of his files, as values. Pure."""
