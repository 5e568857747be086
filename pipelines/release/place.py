"""The directory of a campaign's runs: what stands where, and what a kill left there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import InputError, Problem, shown
from fairness.evidence import certificate_path
from fairness.evidence.certificates import ENDING

SEALED = ".sealed"
PAGE = "report.html"
"""Name of the report to look at, in the directory of its campaign."""

_LEFTOVERS = ".fairreach-*"
# Not through a link: that would make a file elsewhere.
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of one campaign below the output directory.

    Parameters
    ----------
    out : Path
        As ``--out`` gives it.
    name : str
        Of the campaign.
    audience_name : str
        Of the audience file.
    """

    out: Path
    name: str
    audience_name: str = "audience.csv"

    @property
    def directory(self) -> Path:
        """Where everything of this campaign is written."""
        return self.out / self.name

    @property
    def ledger(self) -> Path:
        """The ledger of all campaigns below `out`."""
        return self.out / "ledger.jsonl"

    @property
    def audience(self) -> Path:
        """The released file, in the clear."""
        return self.directory / self.audience_name

    @property
    def sealed(self) -> Path:
        """The released file, encrypted."""
        return self.audience.with_name(self.audience_name + SEALED)

    @property
    def facts(self) -> Path:
        """What an approval is given to."""
        return self.directory / "run.json"

    @property
    def payload(self) -> Path:
        """The report for machines."""
        return self.directory / "report.json"

    @property
    def page(self) -> Path:
        """The report to look at."""
        return self.directory / PAGE

    @property
    def quarantine(self) -> Path:
        """Rows of the tables that broke a contract; personal data, for the owner."""
        return self.directory / "quarantine"

    @property
    def result(self) -> Path:
        """How the last run ended; written when all else is there."""
        return self.directory / "result.json"

    def statements(self, kind: str) -> list[Path]:
        """Return the approvals or waivers that lie here.

        Parameters
        ----------
        kind : {"approval", "waiver"}
        """
        return sorted(self.directory.glob(f"*.{kind}.json"))

    def withdraw(self) -> None:
        """Remove an audience of an earlier run, its certificate last."""
        certified = [
            path.with_name(path.name.removesuffix(ENDING))
            for path in self.directory.glob(f"*{ENDING}")
        ]
        for path in {self.audience, self.sealed, *certified}:
            for one in (path, certificate_path(path)):
                one.unlink(missing_ok=True)

    def make(self) -> None:
        """Make the directory, where it is not there.

        Raises
        ------
        InputError
            It cannot be made; it, or that of the quarantine, is a link: what is meant
            for this place would be written elsewhere.
        """
        for path in (self.directory, self.quarantine):
            if path.is_symlink():
                what = "is a link, and nothing is written through it"
                hint = "remove the link, or name another directory with --out"
                raise InputError(Problem(shown(str(path)), what, hint))
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(self._unwritten(error)) from None

    def _unwritten(self, error: OSError) -> Problem:
        reason = error.strerror or type(error).__name__
        what, hint = f"cannot be written to: {reason}", "name a directory of your own"
        return Problem(shown(str(self.out)), what, hint)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out, and clear away what a killed one left half done.

        Raises
        ------
        InputError
            As `make`; or another run is at work in it.
        """
        self.make()
        try:
            handle = os.open(self.directory / ".lock", _LOCK, 0o600)
        except OSError as error:
            raise InputError(self._unwritten(error)) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            what = f"another run of {shown(self.name)} is at work here"
            raise InputError(
                Problem(shown(str(self.out)), what, "wait for it")
            ) from None
        try:
            for path in self.directory.glob(_LEFTOVERS):
                with suppress(OSError):
                    path.unlink()
            yield
        finally:
            os.close(handle)
