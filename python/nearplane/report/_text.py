"""Numbers and names in words, for the terminal and the page alike."""

from collections.abc import Sequence

_NO_BREAK = "\u00a0"
_SHORT = {"manhattan": "L1", "euclidean": "L2", "softmax": "softmax", "hinge": "hinge"}
_LONG = {
    "manhattan": "L1 (Manhattan)",
    "euclidean": "L2 (Euclidean)",
    "softmax": "Softmax",
    "hinge": "Hinge (SVM)",
}

_FEATURES = {
    "pixels": "pixels",
    "color_histogram": "colour histogram",
    "hog": "HOG",
    "visual_words": "visual words",
}


def short_name(method: str) -> str:
    """Name a metric or a loss in one short word, for the middle of a sentence.

    Examples
    --------
    >>> short_name("manhattan")
    'L1'
    """
    return _SHORT[method]


def long_name(method: str) -> str:
    """Name a metric or a loss with its common name.

    Examples
    --------
    >>> long_name("euclidean")
    'L2 (Euclidean)'
    """
    return _LONG[method]


def feature_names(kinds: Sequence[str]) -> str:
    """Name one kind of features or several, for the middle of a sentence.

    Examples
    --------
    >>> feature_names(["hog"]), feature_names(["color_histogram", "hog"])
    ('HOG', 'colour histogram + HOG')
    >>> feature_names(["color_histogram", "hog", "visual_words"])
    'all three'
    """
    if len(kinds) == len(_FEATURES) - 1:
        return "all three"
    return " + ".join(_FEATURES[kind] for kind in kinds)


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.3861).replace(chr(0xA0), " ")
    '38.6 %'
    """
    return f"{100 * fraction:.1f}{_NO_BREAK}%"


def spread(fraction: float, deviation: float | None) -> str:
    """Write a mean as a percentage, with its standard deviation if there is one.

    Examples
    --------
    >>> spread(0.3861, 0.0049).replace(chr(0xA0), " "), spread(0.5, None).replace(chr(0xA0), " ")
    ('38.6 ± 0.5 %', '50.0 %')
    """
    if deviation is None:
        return percent(fraction)
    return f"{100 * fraction:.1f}{_NO_BREAK}±{_NO_BREAK}{100 * deviation:.1f}{_NO_BREAK}%"


def count(number: float) -> str:
    """Write a number of things, with commas between thousands.

    Examples
    --------
    >>> count(50_000)
    '50,000'
    """
    return f"{number:,.0f}"


def seconds(duration: float) -> str:
    """Write a duration with two digits or more.

    Examples
    --------
    >>> [seconds(t).replace(chr(0xA0), " ") for t in (83.42, 1.234, 0.01234)]
    ['83.4 s', '1.234 s', '0.012 s']
    >>> [seconds(t).replace(chr(0xA0), " ") for t in (0.00512, 0.0000876)]
    ['5.1 ms', '0.088 ms']
    """
    if duration < 0.01:
        return f"{1e3 * duration:.2g}{_NO_BREAK}ms"
    return f"{duration:.1f}{_NO_BREAK}s" if duration >= 10 else f"{duration:.3f}{_NO_BREAK}s"


def size(n_bytes: int | None) -> str:
    """Write a number of bytes in thousands or millions.

    Examples
    --------
    >>> [size(n).replace(chr(0xA0), " ") for n in (184_320_000, 1_234_567, 82_944, 5_200)]
    ['184 MB', '1.2 MB', '83 kB', '5.2 kB']
    """
    if n_bytes is None:
        return "not known"
    amount, unit = (n_bytes / 1e6, "MB") if n_bytes >= 1e6 else (n_bytes / 1e3, "kB")
    return f"{amount:,.0f}{_NO_BREAK}{unit}" if amount >= 10 else f"{amount:.2g}{_NO_BREAK}{unit}"


def distance(length: float) -> str:
    """Write a distance with about four digits.

    Examples
    --------
    >>> distance(134_221.0), distance(27.018512), distance(0.0)
    ('134,221', '27.02', '0')
    """
    return f"{length:,.0f}" if length >= 1000 else f"{length:.4g}"


def learning_rate(rate: float) -> str:
    """Write a learning rate with two digits.

    Examples
    --------
    >>> learning_rate(0.001234), learning_rate(3e-7)
    ('0.0012', '3e-07')
    """
    return f"{rate:.2g}"


def capitalised(sentence: str) -> str:
    """Begin a sentence with a capital letter.

    Examples
    --------
    >>> capitalised("softmax and L1")
    'Softmax and L1'
    """
    return sentence[:1].upper() + sentence[1:]
