"""The imperative shell: one file per kind of run. Intent on the log, act, outcome on the log."""
