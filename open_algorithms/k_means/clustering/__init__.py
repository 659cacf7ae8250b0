"""K-Means itself: starts, mini-batches, attempts to cluster centers, and exact passes of many runs at once."""
