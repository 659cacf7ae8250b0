"""What joins the platform, an algorithm and the machine: one module a program."""
