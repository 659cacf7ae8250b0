"""Files of a model: folders, archives, arrays."""
