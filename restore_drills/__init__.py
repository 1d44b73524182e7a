"""The proof: restore a backup in a sandbox, start it, check it, measure it, destroy it."""
