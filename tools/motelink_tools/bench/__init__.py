"""Benchmarks: what an operation costs, beside a floor measured in the same run."""
