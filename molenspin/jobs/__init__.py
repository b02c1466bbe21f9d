"""What runs the batches of a group: the job, its executor, isolation, journal, clusters, progress."""
