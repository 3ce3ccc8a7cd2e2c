"""API services: what is to answer in real time, put together and packed for API nodes."""
