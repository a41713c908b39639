"""The web console, a thin face over ``app``: server-rendered pages, live by server-sent events.

``site.application(headgate)`` is an application to be mounted at the root. Every page works
without scripts; scripts only save reloading.
"""
