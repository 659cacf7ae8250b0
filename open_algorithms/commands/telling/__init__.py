"""What a command tells people, and the files that it leaves."""
