"""One file for each question that `knn.py` asks."""
