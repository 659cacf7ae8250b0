"""What a user may set, and the candidates that follow."""
