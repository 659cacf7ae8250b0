"""The gunicorn worker: connections, bodies, lanes."""
