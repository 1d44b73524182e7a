"""Pure: values, the policy language, the fold of the log. No I/O, `now` is an argument."""
