"""Database engines: restored data in, a running server that answers queries out."""
