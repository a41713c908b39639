"""The audit's proof: whether the chain of records is whole, in the store or in an exported file."""
