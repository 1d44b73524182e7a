"""Where recovery points are, what a repository lacks, which copy is the nearest. Pure."""
