"""Patterns of LIKE, cut into what they mean."""

from __future__ import annotations


def pattern_pieces(like: str, escape: str) -> list[str]:
    """Return the pieces of a pattern: "%", "_", or "=" and a character of itself.

    Parameters
    ----------
    like : str
    escape : str
        One character that makes the next one mean itself; or empty.

    Returns
    -------
    list of str
        Neighbouring "%" are one.

    Raises
    ------
    ValueError
        An escape before anything but "%", "_" or itself.

    Examples
    --------
    >>> pattern_pieces("5!%%_", "!")
    ['=5', '=%', '%', '_']
    """
    pieces: list[str] = []
    rest = iter(like)
    for char in rest:
        if char == escape:
            meant = next(rest, "")
            if meant not in {"%", "_", escape}:
                raise ValueError(like)
            pieces.append(f"={meant}")
        elif char not in {"%", "_"}:
            pieces.append(f"={char}")
        elif char == "_" or pieces[-1:] != ["%"]:
            pieces.append(char)
    return pieces
