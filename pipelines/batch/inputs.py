"""What the outcome of a campaign rests on, as one hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from fairness import __version__
from fairness.errors import FairreachError
from fairness.frames.databases import is_url
from pipelines.campaign.load import load_campaign
from pipelines.campaign.model import Campaign
from pipelines.campaign.stamps import stamps_of
from pipelines.release.carrying import Authority
from pipelines.release.place import Place


def inputs_of(
    file: str | Path, out: Path, authority: Authority, ledger: Path, day: date
) -> str:
    """Return a hash of what the outcome of a campaign rests on.

    In it are the campaign, its tables (names, sizes and times of change), its own
    policies and layout, the approvals and waivers that lie there, the people, and the
    day. The tables of a database server are not: what changed there on the same day
    is not seen.

    Parameters
    ----------
    file : path
        Of the campaign.
    out : Path
        Of the batch.
    authority : Authority
    ledger : Path
    day : date
        On which waivers, keys and policies are in force.

    Returns
    -------
    str
        Never the same twice where something of it cannot be read.
    """
    parts: list[Any] = [__version__, day.isoformat(), str(ledger)]
    try:
        campaign = load_campaign(file)
        parts += _campaign(campaign, Path(file).parent)
        place = Place(out, campaign.name, campaign.output.audience)
        for kind in ("approval", "waiver"):
            parts += [[one.name, _text(one)] for one in place.statements(kind)]
    except (FairreachError, OSError, ValueError):
        parts.append(os.urandom(16).hex())
    if authority.signer is not None:
        parts.append(authority.signer.key_id)
    if authority.trust is not None:
        parts.append(authority.trust.model_dump(mode="json"))
    parts.append([one.name for one in authority.recipients])
    text = json.dumps(parts, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _campaign(campaign: Campaign, folder: Path) -> Iterator[Any]:
    yield campaign.digest
    for name, path in campaign.tables.named().items():
        yield [name, *([path] if is_url(path) else [])]
        yield stamps_of(path if is_url(path) else str(folder / path))
    layout = campaign.tables.layout
    for one in (*(campaign.policy.use or ()), *(() if layout is None else (layout,))):
        if one.endswith(".toml"):
            yield _text(folder / one)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
