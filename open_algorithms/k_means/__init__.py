"""K-Means: rows are divided into clusters, each around its center."""
