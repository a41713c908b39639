"""Observation: what the ports read becomes snapshots and history."""
