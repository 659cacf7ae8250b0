"""A model described for people: its clusters, and what tells them apart."""
