"""A job from its channels to its result."""
