"""The solver: many convex problems on the same rows, minimised side by side."""
