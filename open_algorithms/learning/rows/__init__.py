"""Rows in memory: dense, sparse, scaled, streamed."""
