"""Channels to people: each takes a letter and keeps one thread per incident.

A channel is added by a module here and a kind in the settings (``[[notify]]``).
"""
