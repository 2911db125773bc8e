"""The questions of features.py."""
