"""The bank: all candidates trained together."""
