"""The part of training that is written in C, and what calls it."""
