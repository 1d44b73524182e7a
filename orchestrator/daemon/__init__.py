"""The daemon: a loop that folds the log, asks `decide`, and has it done, for years."""
