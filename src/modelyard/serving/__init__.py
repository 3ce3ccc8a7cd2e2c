"""The API node: it loads packages and answers predictions, without a database."""
