"""The state of NumPy's random generator as facts and an array, for files."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._persistence import check_stored
from nearplane._validation import check_integer, check_real

_KIND = "MT19937"
_KEY_LENGTH = 624


def generator_state(generator: np.random.RandomState) -> tuple[dict[str, Any], NDArray[np.uint32]]:
    """Return all that decides what a generator draws next.

    Raises
    ------
    ValueError
        If it is of another kind than ``RandomState(seed)`` is.
    """
    state = generator.get_state(legacy=False)
    if state["bit_generator"] != _KIND:
        raise ValueError(
            f"random_state must draw by {_KIND} for a checkpoint, as RandomState(seed) does; got "
            f"one that draws by {state['bit_generator']}."
        )
    facts = {
        "position": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }
    return facts, state["state"]["key"]


def set_generator_state(
    generator: np.random.RandomState, facts: dict[str, Any], key: NDArray[Any]
) -> None:
    """Let a generator go on as the one did that `generator_state` was given.

    Raises
    ------
    ValueError, TypeError, KeyError
        If that is no such state.
    """
    check_stored(key, "the generator's key", "u", (_KEY_LENGTH,))
    position = check_integer("the generator's position", facts["position"], at_least=0)
    has_gauss = check_integer("the generator's has_gauss", facts["has_gauss"], at_least=0)
    gauss = check_real("the generator's gauss", facts["gauss"])
    if position > _KEY_LENGTH or has_gauss > 1 or key.dtype != np.uint32:
        raise ValueError("its random generator is in no state that there is")
    generator.set_state((_KIND, key, position, has_gauss, gauss))
