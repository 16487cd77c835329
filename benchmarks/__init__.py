"""Measurements of speed (`python -m benchmarks`) and of accuracy (`benchmarks/accuracy.py`)."""
