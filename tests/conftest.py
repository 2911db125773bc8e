"""What holds for all tests."""

import signal

# Tests that send themselves Ctrl-C would wait for ever where it is ignored, as by what a script of
# the shell starts in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
