"""The closed catalogue of actions, one module per resource."""
