"""The computations of the benchmarks, without their clocks."""
