"""Train a bank of linear models at once, choose the best and calibrate it."""
