"""PCA: the directions in which rows vary most, and the projections of rows on them."""
