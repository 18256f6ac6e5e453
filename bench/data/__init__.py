"""Recordings of real publishers that the benchmarks replay."""
