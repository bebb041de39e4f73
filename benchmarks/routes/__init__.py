"""The parts of `benchmarks.routing`."""
