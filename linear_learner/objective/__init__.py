"""The objective: losses, and the model that minimises them."""
