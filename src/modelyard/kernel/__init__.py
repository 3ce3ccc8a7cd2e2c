"""What a use case is: command, bus, context, values, settings."""
