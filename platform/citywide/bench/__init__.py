"""Benchmarks: what the compiled way of a request costs over the same statement run by hand."""
