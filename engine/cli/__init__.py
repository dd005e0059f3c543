"""The command line: options in, text out, exit codes. One small file a verb."""
