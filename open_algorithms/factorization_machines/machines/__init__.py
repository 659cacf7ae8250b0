"""The bank: the parameters of all candidates side by side, and steps of training."""
