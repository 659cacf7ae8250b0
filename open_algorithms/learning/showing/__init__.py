"""Pages and charts for people: HTML and SVG."""
