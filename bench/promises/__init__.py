"""One file for each promise that `reliability.py` puts to the test.

Each has a function that runs in a child process, so that a hang is found out and ended.
"""
