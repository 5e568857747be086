"""What every part of the payload's schema is made of."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=1)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


def optional() -> Any:
    """Return the default of a key that may be absent, but is not null."""
    return Field(default=None)


def wrong(what: str) -> PydanticCustomError:
    """Return the error of keys that do not fit each other."""
    return PydanticCustomError("wrong", "{what}", {"what": what})


class Part(BaseModel):
    """Keys with a sentence each; keys of a later version are let through."""

    model_config = ConfigDict(extra="allow", strict=True, use_attribute_docstrings=True)

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("low", "high"),)
    """Pairs of keys of which the first is never above the second."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for low, high in self.ordered:
            least, most = getattr(self, low, None), getattr(self, high, None)
            if least is not None and most is not None and least > most:
                raise wrong(f"`{low}` is above `{high}`")
        return self
