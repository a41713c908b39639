"""Other applications at work while scenarios run: rates that swing, a deploy now and then.

They belong to no scenario: what is said about them is wrong, unless it follows from what a scenario
breaks that has the lab to itself.
"""

import contextlib
import threading
from collections.abc import Iterator

from headgate.lab import lab as lab_
from headgate.lab.workloads import running
from incidents import stand as stand_

DEPLOY_EVERY_S = 75.0


@contextlib.contextmanager
def at_work(lab: lab_.Lab) -> Iterator[None]:
    """A small shop works until the end of the block."""
    running.supervise(lab)
    stand = stand_.Stand(lab)
    over = threading.Event()
    deploys = threading.Thread(target=_deploy, args=(stand, over), name="deploys", daemon=True)
    try:
        stand.topic("shop.baskets", 4)
        stand.topic("shop.visits", 3)
        stand.producer("shop-web", "shop.visits", 15, swing=0.6, swing_s=40, record="click")
        stand.producer("shop-basket", "shop.baskets", 10, swing=0.5, swing_s=25)
        stand.group("shop-prices", "shop.baskets", members=1, work_ms=2)
        stand.group("shop-reports", "shop.visits", "shop.baskets", protocol="consumer", work_ms=1)
        stand.started("shop-prices", 1)
        stand.started("shop-reports", 1)
        deploys.start()
        yield
    finally:
        over.set()
        if deploys.is_alive():
            deploys.join(30)
        stand.close()


def _deploy(stand: stand_.Stand, over: threading.Event) -> None:
    """Restarts the reader of prices in order again and again, as deploys do."""
    while not over.wait(DEPLOY_EVERY_S):
        stand.change("shop-prices", running=False)
        over.wait(1.5)
        stand.change("shop-prices", running=True)
