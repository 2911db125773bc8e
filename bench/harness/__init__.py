"""What all benchmarks share: options, data, alternating timing, comparison of answers, output.

Nothing is imported here: a child process that tests the order of imports must start without any.
"""
