"""Progress of a long job and the wish to stop it, handed to every use case."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from hatang.data.contracts import CancelledError

T = TypeVar("T")


class Progress(Protocol):
    """What a use case tells while it works. Screens and terminals implement it; `Quiet` is the silent one."""

    def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
        """Begin a step of `total` units, named by a message id of the catalogues."""

    def advance(self, units: int = 1) -> None:
        """Report that `units` more are done; raises CancelledError where the user asked to stop."""


class Quiet:
    """Says nothing; still honours `cancel`."""

    def __init__(self) -> None:
        self.cancelled = False

    def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
        """Begin a step."""
        del message_id, total, fields
        self.advance(0)

    def advance(self, units: int = 1) -> None:
        """Report that `units` more are done."""
        del units
        if self.cancelled:
            raise CancelledError("error.cancelled")

    def cancel(self) -> None:
        """Ask the job to stop at its next step."""
        self.cancelled = True


def tracked(items: Iterable[T], progress: Progress) -> Iterator[T]:
    """Yield `items`, advancing `progress` after each."""
    for item in items:
        yield item
        progress.advance()
