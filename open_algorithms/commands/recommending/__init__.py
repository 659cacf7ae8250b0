"""Tables of users on their way to what is recommended to them."""
