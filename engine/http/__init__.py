"""One transport for both services: credentials, time-outs, retries, pace and redaction."""
