"""Numbers, quoted text and JSON instances, as all text formats need them."""
