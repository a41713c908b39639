"""What the rooms of the loop need from outside: protocols, their values and their errors.

Adapters implement these; the rooms of the loop know nothing else of the world.
"""
