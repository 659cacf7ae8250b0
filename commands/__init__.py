"""The command line: the only package that knows both the platform contract and the algorithm."""
