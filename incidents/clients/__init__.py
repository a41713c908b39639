"""Programs that scenarios start as processes of their own: real clients that can be killed."""
