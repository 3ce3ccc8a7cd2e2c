"""Running a model: code envs, the worker process, its protocol, what its output means."""
