"""The life of a change: transitions, approvals, and the engine that runs it."""
