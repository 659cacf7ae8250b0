"""Banks that train by operators of MXNet."""
