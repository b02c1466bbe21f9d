"""Benchmarks that anyone can run: `python -m benchmarks.latency`, `.ensembles`, `.against_rivals`, ..."""
