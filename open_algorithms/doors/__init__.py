"""What joins the platform to an algorithm: one module a program."""
