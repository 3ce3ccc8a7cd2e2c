"""Numbers of a running node: counted in memory, summed over its processes, told to Prometheus."""
