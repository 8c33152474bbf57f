"""Operations: inspect, retry, discard, pause and replay deliveries."""
