"""Schema registries over REST: the real adapter, and a fake that passes the same contract tests."""
