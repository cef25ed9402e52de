"""Progress of a long job and the wish to stop it, handed to every use case."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
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


def counting(progress: Progress) -> Callable[[int, int], None]:
    """Return what the engines call with units done and in all: it advances `progress` by what is new.

    Examples
    --------
    >>> heed = counting(Quiet())
    >>> heed(3, 10)
    """
    told = 0

    def heed(done: int, _: int) -> None:
        nonlocal told
        progress.advance(done - told)
        told = done

    return heed


class Pace:
    """How fast a step goes and when it ends, told from the units done since it began."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.begin(None)

    def begin(self, total: int | None) -> None:
        """Begin a step of `total` units."""
        self._total, self._done, self._since = total, 0, self._clock()

    def advance(self, units: int) -> None:
        """Note that `units` more are done."""
        self._done += units

    def told(self) -> tuple[float, int] | None:
        """Return units a second and seconds left, rounded up; None within the first second and where there is no telling.

        Examples
        --------
        >>> seconds = iter([0.0, 0.0, 4.0])
        >>> pace = Pace(lambda: next(seconds))
        >>> pace.begin(100)
        >>> pace.advance(20)
        >>> pace.told()
        (5.0, 16)
        """
        passed = self._clock() - self._since
        if not self._total or self._done <= 0 or passed < 1.0:
            return None
        rate = self._done / passed
        return rate, math.ceil(max(self._total - self._done, 0) / rate)
