"""What the ledger and the keys around a campaign tell of its security."""

from __future__ import annotations

from fairness.errors import shown
from fairness.evidence import last_secure_check
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.lexicon import listed
from pipelines.campaign.conduct.scene import Params, Scene


def secure_check_age(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Return the days since the last security audit, of which nothing blocks.

    Missing without a ledger, without an audit in it, and where the last one found
    something that blocks: an older one says nothing then.

    Raises
    ------
    RefusedError
        The ledger does not hold.
    """
    path = scene.around.ledger
    if path is None:
        return [Observed.missing("there is no ledger to hold a security audit")]
    last = last_secure_check(path)
    if last is None:
        return [Observed.missing("the ledger holds no security audit")]
    day, blocking = last
    if blocking:
        what = f"the last security audit, of {day}, found {blocking} that block"
        return [Observed.missing(what)]
    age = max(0, (scene.on - day).days)
    what = f"the last security audit, of {day}, is {age:,} days old"
    return [Observed(what, value=float(age))]


def key_age(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Return the days since the key that signs was made known in the trust file."""
    signer, trust = scene.around.signer, scene.around.trust
    if signer is None or trust is None:
        return [Observed.missing("nobody signs, or there is no trust file")]
    added = [one.added for one in trust.people if one.key_id == signer.key_id]
    if not added:
        what = f"the key of {label(signer.name)} is not in the trust file"
        return [Observed.missing(what)]
    age = max(0, (scene.on - max(added)).days)
    what = f"the key of {label(signer.name)} was made known {age:,} days before"
    return [Observed(what, value=float(age))]


def unsealed_protected(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the protected tables that lie unencrypted.

    Attributes that stand among the customers' own columns count as one.
    """
    apart = "protected" in scene.crm.tables
    own = [name for name in scene.roles.by if name in scene.crm.customers.columns]
    if not apart and not own:
        return [Observed.idle("there is no protected table")]
    told = []
    if apart and not scene.around.sealed:
        told.append("the protected table is in no vault")
    if own:
        names = listed([shown(name) for name in own])
        told.append(f"{names} stand among the columns of the customers")
    message = "; ".join(told) if told else "the protected table came out of a vault"
    return [Observed(message, value=float(len(told)))]
