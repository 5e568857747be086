"""Reports as HTML: the page of a campaign, the fragment of a notebook, the index.

A page loads nothing and says so in its content security policy: its one style and its
one script are allowed by hash. Every text is escaped by the template engine.
"""

from __future__ import annotations

from fairness.reports.page.fragment import notebook, segments
from fairness.reports.page.index import Listed, index
from fairness.reports.page.report import html

__all__ = ["Listed", "html", "index", "notebook", "segments"]
