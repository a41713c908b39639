"""The lab: a real Kafka on this machine, made to be broken, and the applications around it.

Headgate itself never imports it; only the command line and the demo do.
"""
