"""The sweep as one object: spaces expand to cases, cases to batches of one shape, batches to groups."""
