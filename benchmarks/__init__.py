"""Timings side by side with named peers, and statistical gates; `make bench` and `make gates` run them."""
