"""libsvm: a row read field by field."""
