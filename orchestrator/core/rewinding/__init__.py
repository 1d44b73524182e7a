"""Which versions bring a wiped bucket back. Pure."""
