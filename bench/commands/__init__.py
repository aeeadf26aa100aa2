"""The command line: one module a command, libraries imported only where a command runs."""
