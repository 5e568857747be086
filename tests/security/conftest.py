"""A directory that others may come into, and what stands for secrets in it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.security import secure_check

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Folder:
    """A directory under audit."""

    def __init__(self, path):
        self.path = path

    def write(self, name, content="", mode=0o600):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(raw)
        path.chmod(mode)
        return path

    def check(self, **options):
        return secure_check(self.path, now=options.pop("now", NOW), **options)

    def found(self, **options):
        """Return severity, kind and file of what is found."""
        findings = self.check(**options).findings
        return [(one.severity, one.kind, one.file) for one in findings]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "audited"
    path.mkdir()
    path.chmod(0o755)
    return Folder(Path(path))


@pytest.fixture(autouse=True)
def _usual_rights():
    before = os.umask(0o022)
    yield
    os.umask(before)
