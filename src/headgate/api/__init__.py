"""The HTTP API, a thin face over ``app``."""
