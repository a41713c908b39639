"""Metrics endpoints and Prometheus servers, read under Headgate's own names.

``names.toml`` says what the names of each dialect mean; ``endpoint`` reads one program's page,
``prometheus`` asks a server by PromQL, ``source`` chooses by the address.
"""
