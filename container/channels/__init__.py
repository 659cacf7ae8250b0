"""The channels of a job: files or FIFOs, decoded ahead into blocks of rows."""
