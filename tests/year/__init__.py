"""A scripted year in the sandbox: what the script knew, against what the PSA has and has invoiced."""
