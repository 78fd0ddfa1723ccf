"""The benchmarks that the documented figures come from."""
