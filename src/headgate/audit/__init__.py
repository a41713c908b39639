"""The hash-chained audit."""
