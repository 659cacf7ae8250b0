"""The machine: memory, processors, child processes."""
