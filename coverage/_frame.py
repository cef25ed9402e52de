"""What tables, runs and blocks that are joined must have in common."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from hatang.data.contracts import SchemaError

Key: TypeAlias = tuple[Hashable, ...]


def sortable(key: Key) -> tuple[tuple[bool, Any], ...]:
    """Return a key that sorts with nothing last."""
    return tuple((entry is None, 0 if entry is None else entry) for entry in key)


@dataclass(frozen=True, slots=True)
class Frame:
    """What blocks must have in common: the names and kinds of the keys, the kind of the devices, and the ward codes, sorted."""

    by: tuple[str, ...]
    kinds: tuple[str, ...]
    wards: tuple[str, ...]

    def joined(self, other: Self) -> Self:
        """Return the frame of both; a column that holds nothing (`null`) takes the kind of the other.

        Raises
        ------
        SchemaError
            Where keys, kinds or wards differ.
        """
        if self == other:
            return self
        pairs = list(zip(self.kinds, other.kinds, strict=False))
        if self.by != other.by or self.wards != other.wards or any("null" not in pair and pair[0] != pair[1] for pair in pairs):
            raise SchemaError("error.aggregate.kinds", left=", ".join(self.kinds), right=", ".join(other.kinds))
        return type(self)(self.by, tuple(left if right == "null" else right for left, right in pairs), self.wards)

    @property
    def word_sets(self) -> int:
        """Return how many sets of words stand for the devices: two of hashes for texts, one for whole numbers."""
        return 2 if self.kinds[-1] == "text" else 1
