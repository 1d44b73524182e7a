"""Checks: questions put to the restored service. A new kind: a file here, a case in `service`."""
