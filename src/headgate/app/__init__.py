"""Use cases and wiring: what the faces may ask for."""
