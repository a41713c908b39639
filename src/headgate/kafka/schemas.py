"""Messages that kafka-python lacks, made from schemas of our own by its own message class."""

import warnings

from headgate.kafka import library

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)

    from headgate.kafka import messages

    class ShareGroupDescribeRequest(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Asks for share groups (KIP-932)."""

    class ShareGroupDescribeResponse(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Share groups with epochs and assignments."""

    class DescribeShareGroupOffsetsRequest(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Asks where delivery to share groups starts."""

    class DescribeShareGroupOffsetsResponse(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Start offsets and lag of share groups (KIP-1226)."""

    class StreamsGroupDescribeRequest(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Asks for groups of the streams protocol (KIP-1071)."""

    class StreamsGroupDescribeResponse(library.ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Streams groups with topology, tasks and epochs."""
