"""The boundary: facts and policies in, a lane with its reasons out."""
