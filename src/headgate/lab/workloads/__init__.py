"""Workloads of the lab: the shop's applications, as real processes with real Kafka clients.

Members of the family: `producer` (a service that writes), `consumer` (a member of a group) and
`supervisor` (keeps both running). `demo_set` lists the shop's topics, applications and sink.
"""
