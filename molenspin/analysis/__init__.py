"""What trajectories are worth: errors, observed orders, energy and power, violation, the cost of accuracy."""
