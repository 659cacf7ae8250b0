"""What the platform prescribes: folders, environment variables, media types, errors."""
