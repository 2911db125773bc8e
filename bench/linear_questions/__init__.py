"""One file for each question that `linear.py` asks."""
