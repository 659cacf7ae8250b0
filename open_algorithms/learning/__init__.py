"""What learning from rows takes, whatever is learned."""
