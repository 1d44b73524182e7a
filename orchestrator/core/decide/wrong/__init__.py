"""What is wrong now: the conditions that a human must deal with, one for each cause. Pure."""
