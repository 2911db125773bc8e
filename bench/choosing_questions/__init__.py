"""The questions of choosing.py."""
