"""Pure: values, the policy language, the fold of the log, decisions. No I/O, `now` is an argument."""
