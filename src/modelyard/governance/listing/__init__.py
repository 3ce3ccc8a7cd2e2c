"""Looking at many governed items: lists, filters, views that are kept, registries."""
