"""The consent model once more: one customer, one record at a time, in plain Python."""

import datetime as dt

SAYS = {
    "optin": "yes",
    "subscribed": "yes",
    "true": "yes",
    "optout": "no",
    "unsubscribed": "no",
    "false": "no",
    "objected": "objection",
    "seen": "silence",
    "notseen": "silence",
    "notspecified": "silence",
    "notoptedout": "box",
}
ALL = {"all", "any", "every", "*"}
LAST = dt.date.max


def squeeze(cell):
    return "".join(str(cell or "").split()).replace("-", "").replace("_", "").lower()


def parse(cell):
    """A day, None where the cell is empty, "junk" where it is something else."""
    text = str(cell or "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return "junk"


def scope_of(cell, asked):
    word = squeeze(cell)
    if word == "":
        return "empty"
    if word in ALL:
        return "all"
    return "this" if word == squeeze(asked) else "other"


class Record:
    def __init__(self, row, asked):
        self.scopes = {
            "purpose": scope_of(row["purpose"], asked["purpose"]),
            "channel": scope_of(row["channel"], asked["channel"]),
        }
        self.brand = squeeze(row.get("brand", "only"))
        self.whose = "all" if self.brand in ALL else self.brand
        if asked["brand"] is not None:
            self.whose = ""
        if "brand" not in row:
            self.scopes["brand"] = "this"
        elif asked["brand"] is None:
            self.scopes["brand"] = "this" if self.brand else "empty"
        else:
            self.scopes["brand"] = scope_of(row["brand"], asked["brand"])
        self.says = SAYS.get(squeeze(row["status"]), "riddle")
        self.day = parse(row["captured_at"])
        if self.day == "junk":
            self.day = None
        begin, end = parse(row.get("effective_from")), parse(row.get("effective_to"))
        on = asked["on"]
        self.begun = begin is None or (begin != "junk" and begin <= on)
        self.over = end == "junk" or (end is not None and end < on)
        self.basis = squeeze(row.get("basis", "consent"))
        self.proven = True
        for name in asked.get("evidence", ()):
            if name in ("double_opt_in_at", "effective_from"):
                day = parse(row[name])
                self.proven &= day not in (None, "junk") and day <= on
            elif name == "effective_to":
                self.proven &= parse(row[name]) not in (None, "junk")
            else:
                self.proven &= squeeze(row[name]) != ""

    @property
    def key(self):
        """What it is about; an empty cell is about nothing in particular."""
        scopes = tuple(self.scopes[n] for n in ("purpose", "channel", "brand"))
        return (*scopes, self.whose)

    def about(self):
        return "other" not in self.scopes.values()

    def vague(self):
        return "empty" in self.scopes.values()


def may_contact(rows, asked):
    """Whether one customer may be contacted, by their records alone."""
    records = [Record(row, asked) for row in rows]
    records = [r for r in records if r.scopes["purpose"] != "other"]
    if any(r.says in ("objection", "riddle") for r in records):
        return False
    records = [r for r in records if r.about()]
    by_interest = asked.get("basis") == "legitimate_interest"
    for r in records:
        silent = r.says == "silence" or (r.says == "yes" and r.over)
        if r.vague() and (r.says == "no" or (silent and not by_interest)):
            return False
    if any(last_word(series, asked) == "no" for series in in_series(records)):
        return False
    if by_interest:
        return any(is_known(r, asked) for r in records if not r.vague())
    own = [
        series
        for series in in_series(records)
        if series[0].key[:2] == ("this", "this") and series[0].key[2] != "all"
    ]
    if any(
        last_word(series, asked, silence=True) == "yes"
        for series in own
        if series[0].key[2] == "this"
    ):
        return True
    # A yes to nobody by name has to be the last word on all brands together.
    unnamed = [r for series in own for r in series if r.key[2] == "empty"]
    if not any(r.says == "yes" and is_valid(r, asked) for r in unnamed):
        return False
    others = [r for s in own for r in s if r.says != "yes" or r.over]
    return last_word(unnamed + others, asked, silence=True) == "yes"


def in_series(records):
    found = {}
    for record in records:
        found.setdefault(record.key, []).append(record)
    return found.values()


def last_word(series, asked, *, silence=False):
    """What is said last; of one day the least permissive is said last."""
    told = []
    for r in series:
        if r.says == "no":
            told.append((r.day or LAST, 1, "no"))
        elif r.says == "yes" and r.over and silence:
            told.append((r.day or LAST, 1, "silence"))
        elif r.says == "yes" and is_valid(r, asked):
            told.append((r.day, 0, "yes"))
        elif r.says == "silence" and silence:
            told.append((r.day or LAST, 1, "silence"))
    return max(told)[2] if told else None


def is_valid(record, asked):
    if record.day is None or record.day > asked["on"] or record.over:
        return False
    oldest = asked.get("max_age_days")
    if oldest is not None and (asked["on"] - record.day).days > oldest:
        return False
    if "empty" in (record.scopes["purpose"], record.scopes["channel"]):
        return False
    if asked["brand"] is not None and record.scopes["brand"] == "empty":
        return False
    return record.begun and record.proven and record.basis == "consent"


def is_known(record, asked):
    if record.says == "box":
        return True
    dated = record.day is not None and record.day <= asked["on"]
    return record.says in ("yes", "silence") and dated
