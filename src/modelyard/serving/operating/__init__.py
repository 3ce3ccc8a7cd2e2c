"""Files that run many nodes: for systemd, Docker, Kubernetes, and a load balancer before them."""
