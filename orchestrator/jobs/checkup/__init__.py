"""What `pra doctor` looks at: small checks, each of one thing, that say what they found.

A check yields findings, and what is fine. It changes nothing but the probe that it leaves in a
bucket, and what it waits for is bounded.
"""
