"""Backends: the ways to compute a trajectory."""
