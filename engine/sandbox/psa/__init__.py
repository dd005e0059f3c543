"""The simulator of the PSA's REST API."""
