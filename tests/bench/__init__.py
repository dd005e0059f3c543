"""What a plan costs: requests, wall time and peak memory, beside a bare loop over the same pages and files."""
