"""The pages, one module per noun; each offers ``router``."""
