"""One file a table. Each defines ``BENCHMARK``, a `motelink_tools.bench.registry.Benchmark`."""
