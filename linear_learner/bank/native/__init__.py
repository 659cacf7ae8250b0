"""Banks that train by the native library."""
