"""The driver `kubernetes`: services in a cluster, by images and the user's own kubectl."""
