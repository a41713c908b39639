"""The demo: a lab, a server, and a story that plays itself on them.

The story only does what a person could do: it breaks the lab by its named faults, and it asks
Headgate through the API as one of the demo's users. Headgate does not know that it is watched.
"""
