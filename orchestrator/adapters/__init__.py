"""The outside, one module each. Adapters know neither the log nor each other."""
