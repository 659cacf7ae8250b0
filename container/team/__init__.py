"""Several hosts of one job: rendezvous, heartbeats, companion processes."""
