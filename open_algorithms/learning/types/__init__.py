"""Types that all other folders share."""
