"""Programs that measure speed and quality against a reference in the same run."""
