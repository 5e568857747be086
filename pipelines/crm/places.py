"""The sixty fictional postcode districts and who lives in them."""

from __future__ import annotations

from collections.abc import Mapping

ETHNICITIES = ("white", "hispanic", "black", "asian", "mixed", "other")
"""Groups of the sample, the largest first."""

CITIES: Mapping[str, tuple[str, str]] = {
    "N": ("Norhaven", "Coast"),
    "E": ("Eastmere", "Coast"),
    "S": ("Suddale", "Midland"),
    "W": ("Westrey", "Midland"),
    "C": ("Carrow", "Upland"),
    "H": ("Hølm Bay", "Coast"),
}
"""Letter of the postcode: city and region."""

DISTRICTS = tuple(
    f"{letter}{number:02d}" for letter in CITIES for number in range(1, 11)
)

BLACK_DISTRICTS = ("N04", "N07", "E02", "E09", "S05", "W03", "W08", "C06")
"""Districts where most residents are black."""

HISPANIC_DISTRICTS = ("N09", "E05", "S02", "S08", "W06", "C03", "C09", "H04")
"""Districts where most residents are hispanic."""

ASIAN_DISTRICTS = ("N02", "E07", "S10", "C01", "H02", "H08")
"""Districts where most residents are asian."""

_ZONES = (
    tuple(
        name
        for name in DISTRICTS
        if name not in BLACK_DISTRICTS + HISPANIC_DISTRICTS + ASIAN_DISTRICTS
    ),
    BLACK_DISTRICTS,
    HISPANIC_DISTRICTS,
    ASIAN_DISTRICTS,
)

_ZONE_SHARES: Mapping[str, tuple[int, int, int, int]] = {
    "white": (900, 30, 40, 30),
    "hispanic": (360, 60, 550, 30),
    "black": (380, 510, 80, 30),
    "asian": (380, 40, 40, 540),
    "mixed": (780, 80, 80, 60),
    "other": (780, 70, 80, 70),
}

_SIZES = (5, 3, 8, 4, 6, 2, 7)


def zone_of(district: str) -> int:
    """Return the kind of a district: 0 ordinary, 1 black, 2 hispanic, 3 asian.

    Parameters
    ----------
    district : str
        One of `DISTRICTS`.

    Examples
    --------
    >>> zone_of("N04"), zone_of("N01")
    (1, 0)
    """
    return next(number for number, names in enumerate(_ZONES) if district in names)


def district_weights(ethnicity: str) -> list[int]:
    """Return how the residents of one ethnicity are spread over `DISTRICTS`.

    Parameters
    ----------
    ethnicity : str
        One of `ETHNICITIES`.

    Examples
    --------
    >>> weights = district_weights("black")
    >>> inside = sum(weights[DISTRICTS.index(name)] for name in BLACK_DISTRICTS)
    >>> round(inside / sum(weights), 2)
    0.51
    """
    weights = dict.fromkeys(DISTRICTS, 0)
    for names, share in zip(_ZONES, _ZONE_SHARES[ethnicity], strict=True):
        sizes = {name: _SIZES[i % len(_SIZES)] for i, name in enumerate(names)}
        for name, size in sizes.items():
            weights[name] = share * size * 1000 // sum(sizes.values())
    return list(weights.values())
