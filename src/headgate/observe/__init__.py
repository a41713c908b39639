"""Observing: what is read from a cluster at one time, and how it moved over the last minutes."""
