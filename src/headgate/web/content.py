"""The body of an answer, bounded in size and by the deadline of the whole call."""

import httpx2

from headgate.web import deadline


class TooLarge(Exception):
    """The body is larger than it may be; the rest of it was not read."""


def read(response: httpx2.Response, left: deadline.Remaining, *, most_bytes: int) -> bytes:
    """The whole body of an answer that is being streamed, unpacked.

    Raises:
        TooLarge: it is larger than ``most_bytes``; no server may fill the memory.
        httpx2.ReadTimeout: the time is over, though the server may still be sending.
    """
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge
        if left.over:
            raise httpx2.ReadTimeout("the deadline passed while the answer was coming")
    return b"".join(chunks)
