"""Detection: findings from an observation, one module per family."""
