"""The journalled engine: carries approved changes to their end on every cluster.

Each cluster has a worker with its own lease, so that a slow or dead cluster delays no other. Every
step writes its intent before and its result after, under the lease and with the audit, in one
transaction; a killed engine goes on from the journal, in the same process or another.
"""

import threading
from collections.abc import Callable, Mapping

from headgate.actions import interface
from headgate.boundary import interface as boundary_interface
from headgate.changes import lease, process, proposal, worker
from headgate.changes import pace as paces
from headgate.ports import clock as clocks
from headgate.ports import store as ports


def _nobody(_change_id: str) -> None:
    """Tells nobody."""


class Engine:
    """All workers of this process.

    Args:
        worlds: what may be touched, by cluster name.
        holder: the name under which leases are held; a new one for this process where empty.
        on_change: called with the change's id after every commit, in the engine's thread.
    """

    def __init__(
        self,
        *,
        store: ports.Store,
        catalogue: interface.Catalogue,
        worlds: Mapping[str, interface.World],
        boundary: boundary_interface.Boundary,
        clock: clocks.Clock,
        holder: str = "",
        on_change: Callable[[str], None] = _nobody,
        pace: paces.Pace | None = None,
    ) -> None:
        self.holder = holder or process.holder()
        patience = pace or paces.Pace()
        desk = proposal.Desk(catalogue=catalogue, boundary=boundary)
        self._workers = {
            cluster: worker.Worker(
                store=store,
                desk=desk,
                world=world,
                keeper=lease.Keeper(
                    store=store,
                    name=lease.execute(cluster),
                    holder=self.holder,
                    clock=clock,
                    seconds=patience.lease_s,
                ),
                on_change=on_change,
                pace=patience,
            )
            for cluster, world in worlds.items()
        }

    def run_once(self) -> bool:
        """Every change that can go on has gone on by one durable step; whether any did.

        Raises:
            StoreError: the database cannot be used; everything stands as it was written.
        """
        progressed = False
        for one in self._workers.values():
            progressed |= one.run_once()
        return progressed

    def run(self, stop: threading.Event) -> None:
        """Runs one thread a cluster until ``stop``, then gives the leases back."""
        threads = [
            threading.Thread(target=one.run, args=(stop,), name=f"engine-{cluster}")
            for cluster, one in self._workers.items()
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        self.wake()
        for thread in threads:
            thread.join()

    def wake(self, cluster: str = "") -> None:
        """The cluster's worker, or every one, looks at the store at once."""
        for name, one in self._workers.items():
            if cluster in ("", name):
                one.wake()
