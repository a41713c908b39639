"""Every promised number, measured. ``python -m benchmarks`` prints them as one table."""
