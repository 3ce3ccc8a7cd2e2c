"""What monitoring finds out of deployments from time to time, and keeps: statuses and activity."""
