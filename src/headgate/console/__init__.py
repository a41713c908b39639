"""The web console, a thin face over ``app``: server-rendered pages, live by server-sent events.

``install(app, headgate)`` puts the pages, the static files and the error pages on a FastAPI
application. Every page works without scripts; scripts only save reloading.
"""

from headgate.console.site import install

__all__ = ["install"]
