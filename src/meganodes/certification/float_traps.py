"""Amounts that a program loses a minor unit of when it reads them as a binary float and cuts that.

The cases about floats look for them; all others keep clear of them, so that this one mistake is
blamed where its words are.
"""


def is_float_trap(minor: int, exponent: int) -> bool:
    """Say whether cutting the float of an amount loses a minor unit.

    The mistake is made here on purpose: no amount of ours is computed so.
    """
    unit = 10**exponent
    return int(minor / unit * unit) != minor


def is_safe_from_floats(minor: int, exponent: int) -> bool:
    """Say whether an amount is no trap, and neither is what cases make of it: one more, five."""
    return not any(is_float_trap(each, exponent) for each in (minor, minor + 1, 5 * minor))
