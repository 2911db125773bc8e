"""What these tests ask for on the command line, and how many images there are of it."""

N_TRAIN, N_TEST = 60, 30
DATA = ("--dataset", "natural")
