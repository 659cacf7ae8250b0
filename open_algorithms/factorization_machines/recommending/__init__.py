"""The best items for a user, and the vectors behind them."""
