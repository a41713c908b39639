"""The nouns of Headgate: immutable values that the stages of the loop hand to each other.

Standard library and numpy only; nothing here reads, writes, waits or imports another room.
"""
