"""How good candidates and models are: losses, metrics, mixtures."""
