"""The capability matrix: what kind of cluster it is, and what can be seen and done on it.

Pure: a snapshot and what the configuration says go in, a ``domain.capability.Matrix`` comes out.
``domain.flavours`` tells flavours apart, ``reads`` and ``acts`` are the rows; adding a capability
means adding a row.
"""
