"""The report of a sweep: one HTML page that holds everything it needs."""
