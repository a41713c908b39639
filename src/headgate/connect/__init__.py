"""The Kafka Connect adapter: its REST interface."""
