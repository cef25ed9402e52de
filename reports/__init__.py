"""Documents and files made from result tables: every function returns bytes."""
