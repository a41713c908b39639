"""What clients meet: producing, transactions, authentication, rights, quotas."""

from headgate.detect import interface

DETECTORS: tuple[interface.Detector, ...] = ()
