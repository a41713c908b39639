"""What all adapters that speak HTTP share: a deadline for the whole call, and a client."""
