"""What a job gives to an algorithm: errors, hosts, a log."""
