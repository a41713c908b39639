"""Memory that two processes see: one writes arrays into it, the other looks at the same bytes.

The samples of a large cluster are hundreds of megabytes; copying them to another process at every
look would cost more than reading them. Each large array is a block of its own, an unnamed file in
memory: it is gone with the last process that holds it, however that ends.
"""

import mmap
import os
import tempfile
import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]

LEAST_BYTES = 1_000_000
"""Smaller arrays are not worth a block: they are copied in less time than one is opened."""


class Place(NamedTuple):
    """Where an array lies in shared memory."""

    block: int
    offset: int
    """Bytes from the block's start."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str


@dataclass(slots=True)
class _Block:
    """One array's memory, on the side that writes."""

    descriptor: int
    address: int
    size: int


class Arena:
    """The side that writes; owned by one thread."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._count = 0

    def fresh(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An array whose values are not set yet: shared where it is large."""
        kind = np.dtype(dtype)
        size = int(np.prod(shape)) * kind.itemsize
        if size < LEAST_BYTES:
            return np.empty(shape, kind)
        descriptor = _unnamed(size)
        made: Array = np.ndarray(shape, kind, buffer=mmap.mmap(descriptor, size))
        self._count += 1
        number = self._count
        self._blocks[number] = _Block(descriptor, int(made.ctypes.data), size)
        weakref.finalize(made, self._forget, number)
        return made

    def place(self, array: Array) -> Place | None:
        """Where the array lies; None: in memory of this process alone."""
        if array.nbytes == 0:
            return None
        address = int(array.ctypes.data)
        for number, block in tuple(self._blocks.items()):
            if block.address <= address < block.address + block.size:
                return Place(
                    number,
                    address - block.address,
                    array.shape,
                    array.strides,
                    array.dtype.str,
                )
        return None

    def descriptor(self, number: int) -> tuple[int, int]:
        """(The open file of a block that is in use, its bytes)."""
        block = self._blocks[number]
        return block.descriptor, block.size

    @property
    def blocks(self) -> int:
        """Blocks in use."""
        return len(self._blocks)

    def _forget(self, number: int) -> None:
        os.close(self._blocks.pop(number).descriptor)


class Mapped:
    """The side that looks; owned by one thread, its arrays by whoever has them."""

    def __init__(self) -> None:
        self._blocks: dict[int, mmap.mmap] = {}

    def open(self, number: int, descriptor: int, size: int) -> None:
        """The block can be looked at; the file is closed."""
        try:
            self._blocks[number] = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)

    def array(self, place: Place) -> Array:
        """The array there, which cannot be written to and stays for as long as it is held."""
        return np.ndarray(
            place.shape,
            place.dtype,
            buffer=self._blocks[place.block],
            offset=place.offset,
            strides=place.strides,
        )

    def keep(self, numbers: Collection[int]) -> None:
        """All other blocks are let go; arrays in them stay."""
        kept: Mapping[int, mmap.mmap] = self._blocks
        self._blocks = {number: kept[number] for number in numbers}


def _unnamed(size: int) -> int:
    """An open file of that size that no name leads to."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("headgate", os.MFD_CLOEXEC)
    else:  # macOS
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor
