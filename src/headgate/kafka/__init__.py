"""The Kafka adapter: a typed, concurrent facade over the admin protocol and the data path."""
