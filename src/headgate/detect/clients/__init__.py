"""What clients meet: producing, transactions, authentication, rights."""

from headgate.detect import interface
from headgate.detect.clients import buffers, fencing, producing, rights, transactions

DETECTORS: tuple[interface.Detector, ...] = (
    producing.Producing(),
    buffers.Buffers(),
    transactions.Stuck(),
    fencing.Fenced(),
    rights.Authentication(),
    rights.Authorization(),
)
