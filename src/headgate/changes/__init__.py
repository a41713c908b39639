"""Changes: their life, what people decide about them, and the engine that carries them out.

``proposal`` makes a change, ``approvals`` lets people decide on it, ``record.save`` writes either,
and ``engine.Engine`` runs what may run. ``course`` is the pure heart: given a change and what was
just seen, it says what comes next.
"""
