"""Components from sums over rows: at once, or pass by pass."""
