# Read by type checkers only: makes the rooms one package for them.
