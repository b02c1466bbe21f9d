"""Assemblies: declared by name, compiled to arrays."""
