"""The least rights that a site needs. Pure."""
