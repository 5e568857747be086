"""Customers whose gaps are known: women are four in ten, in every column alike."""

import numpy as np
import pandas as pd

CUSTOMERS = 6_000


def crowd(customers=CUSTOMERS):
    """Return customers with ids in another order than their rows, and attributes."""
    place = np.arange(customers)
    rng = np.random.default_rng(11)
    gender = np.where(place % 10 < 4, "f", "m")
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{one:05d}" for one in rng.permutation(customers)],
            # The same for both, and one that women have half as often.
            "even": rng.integers(0, 100, customers),
            "uneven": np.where(
                gender == "f",
                rng.integers(0, 60, customers),
                rng.integers(0, 100, customers),
            ),
        }
    )
    attributes = pd.DataFrame({"customer_id": frame["customer_id"], "gender": gender})
    return frame, attributes
