"""The incident suite: real faults on a real Kafka, judged against what Headgate says of them.

``python -m incidents`` (``make incidents``) runs it and prints one table; ``--help`` tells the
options. A run prints its seed; the same seed gives the same names, sizes, rates and times.

What happens in one run (``playing.play``)::

    prepare -> healthy for a while -> inject -> confirm -> judged at each sweep -> heal -> cleared

``confirm`` asks Kafka's own client, the application's log or the downstream's counter, never
Headgate: a fault counts only when its effect was seen. Meanwhile ``looking`` looks at the cluster
as ``headgate doctor`` does, ``gauges`` reads what a metrics exporter would (in a process of its
own, which ``exporter`` keeps), ``baseline`` judges that by the alert rules that teams commonly use,
and ``judge`` compares.

Adding a scenario
-----------------
1. Choose the module of its family in ``incidents.scenarios`` (or add one and list it in
   ``scenarios.MODULES``), and write a subclass of ``scenario.Scenario``: ``name``, ``breaks``, and
   what it ``needs`` of the lab. Scenarios that break brokers, Connect or the quorum say
   ``Needs(alone=True)``; the others run side by side on one lab and touch only what is theirs.
2. Draw every name, size, rate and time from ``self.draw``; each variant draws anew. Names come from
   ``self.stand.topic(...)``, ``.producer(...)``, ``.group(...)``: they are unique, and cleared away
   afterwards. What a scenario owns otherwise (a broker, a client id) it says with ``stand.own``.
3. ``prepare`` brings the healthy state and returns when it is reached; ``inject`` breaks it, as an
   accident would; ``confirm`` returns one sentence on how the effect was seen, or raises
   ``scenario.NotConfirmed`` (``self.until`` does both); ``heal`` undoes what goes beyond the
   stand's own things.
4. ``roots`` says what is expected: finding codes (one is enough), cause codes (the first cause must
   be one of these), and where. A healthy scenario has none. Only the vocabulary is shared with
   Headgate: a test forbids scenarios to import its detection or diagnosis.
5. Run it: ``python -m incidents --only NAME``. A scenario that cannot be made on one machine says
   so in ``how`` (``replayed`` or ``simulated``).
"""
