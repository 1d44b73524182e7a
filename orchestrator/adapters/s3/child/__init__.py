"""The child that talks to a bucket; only here is an S3 library imported."""
