"""Content types: each has a codec that decodes training data, requests, or both, and may encode answers."""
