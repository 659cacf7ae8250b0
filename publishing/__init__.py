"""What goes with the image to where it is used: an algorithm's description, a registry, a bill of materials."""
