"""Clusters of any size that answer over real sockets, for measuring and for bad days.

Answers are made with kafka-python's message classes, encoded once and kept, in a process of their
own. ``shape`` says what a cluster looks like, ``starting`` runs it, ``answers`` makes what its
brokers say, ``brokers`` listens.
"""

from benchmarks.simulated.shape import LARGE, SMALL, Shape
from benchmarks.simulated.starting import Simulation, start

__all__ = ["LARGE", "SMALL", "Shape", "Simulation", "start"]
