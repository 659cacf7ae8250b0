"""MXNet: its import, compiled graphs, threads, exchange between hosts."""
