"""The facade: `audit`, what it measured, and the decision a policy makes of it."""

from fairness.auditing.decision import Decision
from fairness.auditing.facade import audit
from fairness.auditing.measured import Audit
from fairness.auditing.settings import DEFAULT_POLICIES, OFFERS, Offer

__all__ = ["DEFAULT_POLICIES", "OFFERS", "Audit", "Decision", "Offer", "audit"]
