"""Each row to its nearest center, and the sums of the rows of each center."""
