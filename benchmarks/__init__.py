"""Side-by-side measurements against peers; `python -m benchmarks` runs all and writes docs/performance.md."""
