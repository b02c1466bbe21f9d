"""What the Snakefile and its scripts ask: a sweep's project and places, its timing and profile, rates."""
