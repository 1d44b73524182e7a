"""pra beside raw restic, in the same run, on the same data: `make bench`."""
