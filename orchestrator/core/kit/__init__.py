"""The offline recovery kit: what it holds, how it is typed, when it is stale. Pure."""
