"""Causes of what clients meet: producing, transactions, authentication, rights."""

from headgate.diagnose import interface
from headgate.diagnose.clients import buffers, producing, rights, transactions

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = (
    producing.Refused(),
    producing.InputStopped(),
    buffers.Buffers(),
    transactions.Stuck(),
    transactions.Fenced(),
    rights.Failures(),
    rights.Denied(),
)
