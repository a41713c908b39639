"""Message schemas that kafka-python lacks, in the form of Kafka's own protocol schemas."""
