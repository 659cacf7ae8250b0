"""The command line: the one room that knows both the contract and the algorithm."""
