"""The ``hatang`` command line: one module a command."""
