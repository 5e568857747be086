"""How a campaign treats people beside selecting them: consent, data, pressure, records.

======================  ==========================================================
``Scene``               what a campaign's conduct is observed on
``Surroundings``        the ledger and the keys around a run
``Recorded``            what was observed, for judging again
``OBSERVERS``           metric of conduct to the module whose function observes it
======================  ==========================================================

Each metric of `fairness.metrics.conduct_rows` has a function of its name here.
"""

from __future__ import annotations

from pipelines.campaign.conduct.scene import (
    OBSERVERS,
    Recorded,
    Scene,
    Surroundings,
)

__all__ = ["OBSERVERS", "Recorded", "Scene", "Surroundings"]
