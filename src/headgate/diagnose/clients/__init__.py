"""Causes of what clients meet: producing, transactions, authentication, rights, quotas."""

from headgate.diagnose import interface

DIAGNOSTICIANS: tuple[interface.Diagnostician, ...] = ()
