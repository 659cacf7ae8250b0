"""From channels to a model: epochs, choice, and what a job keeps."""
