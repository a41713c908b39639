"""Headgate: an operations control plane for Kafka and everything that speaks its protocol."""

__version__ = "0.1.0"
