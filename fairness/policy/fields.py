"""What a key of a policy file may hold, and how a wrong value is told.

Numbers stay as the author wrote them, digit by digit. What is wrong with a table is
raised once, as a :class:`~fairness.errors.PolicyError` that lists every key at fault.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from fairness.errors import PolicyError, Problem, shown, unknown_name

Offer = Literal["beneficial", "burdensome", "neutral"]

REFERENCES = ("highest", "rest", "overall")
_MOST_DIGITS = 28
_LONGEST_VALUE = 60

Part = tuple[tuple[str | int, ...], str, str]


def told(value: object) -> str:
    """Return a value in the spelling of a TOML file, for a message.

    Examples
    --------
    >>> told(Decimal("0.80")), told(True), told([1, "a"])
    ('0.80', 'true', "[1, 'a']")
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | Decimal):
        text = str(value)
    elif isinstance(value, Mapping | BaseModel):
        text = "a table"
    elif isinstance(value, list | tuple):
        # Lists nest as deeply as the author of a file likes.
        items = ("[…]" if isinstance(v, list | tuple) else told(v) for v in value)
        text = "[" + ", ".join(items) + "]"
    else:
        text = shown(value)
    return text if len(text) <= _LONGEST_VALUE + 2 else text[:_LONGEST_VALUE] + "…"


def key_path(steps: Iterable[str | int]) -> str:
    """Return the path of a key as a message writes it.

    Examples
    --------
    >>> key_path(["rules", 2, "at_least"])
    'rules[2].at_least'
    """
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", step)
            path += ("." if path else "") + (step if bare else shown(step))
    return path


def as_fraction(value: Decimal) -> str:
    """Return a percentage as the fraction that was meant.

    Examples
    --------
    >>> as_fraction(Decimal(80)), as_fraction(Decimal("2.5"))
    ('0.80', '0.025')
    """
    text = plain(value / 100)
    return f"{value / 100:.2f}" if len(text) < len("0.00") else text


def plain(value: Decimal) -> str:
    """Return a decimal without exponent or trailing zeros.

    Examples
    --------
    >>> plain(Decimal("0.80")), plain(Decimal("-0")), plain(Decimal("1E+2"))
    ('0.8', '0', '100')
    """
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def wrong(what: str, hint: str = "") -> PydanticCustomError:
    """Return the error of one thing that is wrong with a value."""
    return PydanticCustomError("wrong", "{what}", {"parts": [((), what, hint)]})


def all_wrong(parts: list[Part]) -> PydanticCustomError:
    """Return the error of several things: key path below the value, what, hint."""
    return PydanticCustomError("wrong", "several problems", {"parts": parts})


def _text(value: str) -> str:
    if not value.strip():
        raise wrong(f"{shown(value)} is empty; it must be text")
    return value


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _exact(value: object) -> Decimal:
    """Return a number as the author wrote it, digit by digit."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = Decimal(str(value))
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise wrong(f"{told(value)} is not a number", _number_hint(value))
    digits, exponent = value.as_tuple()[1:]
    if not isinstance(exponent, int):
        raise wrong(f"{told(value)} is not a finite number")
    if len(digits) > _MOST_DIGITS or abs(exponent) > _MOST_DIGITS:
        raise wrong(
            f"{told(value)} has too many digits; at most {_MOST_DIGITS} are compared"
        )
    return value


def _number_hint(value: object) -> str:
    if not isinstance(value, str):
        return ""
    percent = re.fullmatch(r"\s*([0-9]{1,9}(?:[.][0-9]{1,9})?)\s*%\s*", value)
    if percent:
        return f"write it as a fraction, {as_fraction(Decimal(percent[1]))}"
    if re.fullmatch(r"[0-9]+,[0-9]+", value):
        return f"write a decimal point, {value.replace(',', '.')}"
    return ""


def _within(
    low: int, high: int, *, ends: tuple[bool, bool]
) -> Callable[[Decimal], Decimal]:
    """Return a check of a fraction; `ends` says which ends are allowed."""
    span = f"{'[' if ends[0] else '('}{low}, {high}{']' if ends[1] else ')'}"
    allowed_ends = [e for e, allowed in zip((low, high), ends, strict=True) if allowed]

    def check(value: Decimal) -> Decimal:
        if low < value < high or value in allowed_ends:
            return value
        percent = high < value <= 100 * high
        hint = f"write it as a fraction, {as_fraction(value)}" if percent else ""
        raise wrong(f"{told(value)} is outside {span}", hint)

    return check


def _day(value: object) -> date:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong(f"{told(value)} is not a date", "write a day as 2026-11-23")
    return value


def _listed(value: object) -> tuple[object, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        hint = f"write [{told(value)}]" if isinstance(value, str) else ""
        raise wrong(f"{told(value)} is not a list of names", hint)
    return tuple(sorted(value) if isinstance(value, set | frozenset) else value)


def _names(value: object) -> tuple[str, ...]:
    names: list[str] = []
    for item in _listed(value):
        if not isinstance(item, str) or not item.strip():
            raise wrong(f"{told(item)} in {told(value)} is not a name")
        if item in names:
            raise wrong(f"{told(item)} stands twice in {told(value)}")
        names.append(item)
    return tuple(names)


def _some_names(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not names:
        raise wrong("[] names nothing", "leave the key out to mean all")
    return names


def _offers(value: object) -> tuple[str, ...]:
    names = _some_names(value)
    known = get_args(Offer)
    for name in names:
        if name not in known:
            problem = unknown_name("", name, known, "kind of offer")
            raise wrong(problem.what, problem.hint)
    return tuple(name for name in known if name in names)


def _order(value: object) -> tuple[int, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    for item in listed:
        if not isinstance(item, int) or isinstance(item, bool) or item < 1:
            raise wrong(
                f"{told(item)} is not a number of attributes looked at together",
                "write 1 for single attributes, 2 for pairs, [1, 2] for both",
            )
    if not listed:
        raise wrong("[] names no order", "write 1 for single attributes")
    return tuple(sorted(set(listed)))


def _reference(value: str) -> str:
    attribute, _, group = value.partition("=")
    if value in REFERENCES or (attribute.strip() and group.strip()):
        return value
    problem = unknown_name("", value, (*REFERENCES, "COLUMN=GROUP"), "reference")
    raise wrong(problem.what, problem.hint)


def is_digest(value: str) -> str:
    """Return a policy's digest, or raise where it is none."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise wrong(
            f"{shown(value)} is not sha256: and 64 hexadecimal digits",
            "copy the digest that `fairreach policy show` prints",
        )
    return value


def _kebab(value: str) -> str:
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        return value
    close = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    hint = f"write {shown(close)}" if close else ""
    raise wrong(
        f"{shown(value)} is not lower-case words joined by hyphens (kebab-case)", hint
    )


def _range_of_two(value: object) -> tuple[Decimal, Decimal]:
    pair = value if isinstance(value, list | tuple) else ()
    if len(pair) != len(("low", "high")):
        raise wrong(
            f"{told(value)} is not two numbers, [low, high]",
            "for one bound write at_least or at_most",
        )
    low, high = (_exact(item) for item in pair)
    if low >= high:
        raise wrong(f"{told(value)} is empty: low must be below high")
    return low, high


def _reasons(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong(
            f"{told(value)} is not a table of names and reasons",
            'write tenure_band = "the reason" under [allowed_strata]',
        )
    parts: list[Part] = [
        (
            (str(name),),
            f"{told(reason)} is not a reason",
            "say in a sentence why a comparison may be made within it",
        )
        for name, reason in value.items()
        if not isinstance(reason, str) or not reason.strip()
    ]
    if parts:
        raise all_wrong(parts)
    return {name: _one_line(reason) for name, reason in value.items()}


def _params(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise wrong(
            f"{told(value)} is not a table", "write params = { within_days = 180 }"
        )
    parts: list[Part] = [
        ((str(name),), f"{told(one)} is not text, a number, a day or a list", "")
        for name, one in value.items()
        if not _is_param(one)
        and not (isinstance(one, list | tuple) and all(map(_is_param, one)))
    ]
    if parts:
        raise all_wrong(parts)
    return {
        str(name): tuple(one) if isinstance(one, list) else one
        for name, one in value.items()
    }


def _is_param(value: object) -> bool:
    return isinstance(value, str | bool | int | Decimal | date)


Words = Annotated[
    StrictStr, AfterValidator(_text), Field(description="text that is not empty")
]
# Sentences: where a file breaks their lines means nothing.
Prose = Annotated[Words, AfterValidator(_one_line)]
Name = Annotated[Words, AfterValidator(_kebab)]
Day = Annotated[date, BeforeValidator(_day), Field(description="a date")]
Exact = Annotated[Decimal, BeforeValidator(_exact), Field(description="a number")]
Inside = Annotated[Exact, AfterValidator(_within(0, 1, ends=(False, False)))]
Share = Annotated[Exact, AfterValidator(_within(0, 1, ends=(True, True)))]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
SomeNames = Annotated[tuple[str, ...], BeforeValidator(_some_names)]

PositiveShare = Annotated[Exact, AfterValidator(_within(0, 1, ends=(False, True)))]
TwoExact = Annotated[tuple[Decimal, Decimal], BeforeValidator(_range_of_two)]
Order = Annotated[tuple[int, ...], BeforeValidator(_order)]
Offers = Annotated[tuple[Offer, ...], BeforeValidator(_offers)]
Reference = Annotated[StrictStr, AfterValidator(_reference)]
Reasons = Annotated[dict[str, str], BeforeValidator(_reasons)]
Params = Annotated[dict[str, Any], BeforeValidator(_params)]

_outermost: ContextVar[bool] = ContextVar("_outermost", default=True)


class Table(BaseModel):
    """A frozen table of known keys; raises `PolicyError` with every problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "table"
    inner: ClassVar[Mapping[str, type[Table]]] = {}

    def __init__(self, /, **values: Any) -> None:
        outermost = _outermost.get()
        token = _outermost.set(False)
        try:
            super().__init__(**values)
        except ValidationError as error:
            # A table within a table lets the outer one tell the whole path.
            if not outermost:
                raise
            raise PolicyError(_problems(error, type(self))) from None
        finally:
            _outermost.reset(token)

    @classmethod
    def keys(cls) -> dict[str, str]:
        """Return the keys of the table, each with what it may hold."""
        return {
            field.alias or name: field.description or "a value"
            for name, field in cls.model_fields.items()
        }


def _problems(error: ValidationError, model: type[Table]) -> list[Problem]:
    problems = []
    for one in error.errors(include_url=False):
        table = model
        for step in one["loc"][:-1]:
            table = table.inner.get(str(step), table)
        problems += _retold(one, table, model)
    return problems


def _retold(one: ErrorDetails, table: type[Table], top: type[Table]) -> list[Problem]:
    where = key_path(one["loc"])
    key = str(one["loc"][-1]) if one["loc"] else ""
    value = one["input"]
    if one["type"] == "wrong":
        return [
            Problem(key_path((*one["loc"], *steps)), what, hint)
            for steps, what, hint in one["ctx"]["parts"]
        ]
    if one["type"] == "extra_forbidden":
        problem = unknown_name(where, key, list(table.keys()), f"{table.kind} key")
        if key in top.keys() and top is not table:  # noqa: SIM118 - not a mapping
            first = f"[[{one['loc'][0]}]]"
            hint = f"{key} is a {top.kind} key: write it above the first {first}"
            problem = Problem(where, problem.what, hint)
        return [problem]
    allowed = table.keys().get(key, "a table")
    if one["type"] == "missing":
        return [Problem(where, f"is missing; it must be {allowed}")]
    return [Problem(where, f"{told(value)} is not {allowed}", _hint(one, allowed))]


def _hint(one: ErrorDetails, allowed: str) -> str:
    value = one["input"]
    if one["type"] == "literal_error" and isinstance(value, str):
        known = re.findall(r"'([^']*)'", one["ctx"]["expected"])
        close = difflib.get_close_matches(value, known, n=1)
        return f"did you mean {shown(close[0])}?" if close else ""
    if one["type"] == "string_type" and isinstance(value, int | Decimal | date):
        return f'write it in quotes, "{told(value)}"'
    if isinstance(value, Mapping) and "[[" in allowed:
        return "a table that may be repeated has double brackets"
    return ""
