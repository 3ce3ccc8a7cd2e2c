"""Looking around on MLflow servers: what there is to import."""
