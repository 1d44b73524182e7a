"""Which recovery points are kept, and when nothing is removed. Pure."""
