"""Which generation answers a query, and whether a new one may go on answering."""
