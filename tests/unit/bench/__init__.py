"""What benchmarks reckon, without their clocks."""
