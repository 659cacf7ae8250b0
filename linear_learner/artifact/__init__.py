"""The model artifact: written with MXNet, read without."""
