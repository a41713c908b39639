"""The web console, a thin face over ``app``."""
