"""What is asked of every display that draws."""

import matplotlib.pyplot as plt


def assert_new_figure(display):
    """Fail unless axes of its own have made no pyplot figure, and drawing without makes one."""
    assert plt.get_fignums() == []
    display.plot()
    try:
        assert plt.get_fignums() == [display.figure_.number]
        assert plt.gcf() is display.figure_
    finally:
        plt.close(display.figure_)
