"""Work shared out over a Dask cluster: a function over pieces, results merged on the workers as a tree, in whatever order they come.

The merge must be associative and commutative to the last bit; then the answer depends neither on the number of workers nor on which of them
dies. What a dead worker held is computed anew by the others from the pieces alone.
"""

import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from hatang.data.contracts import MissingError, ParameterError

Piece = TypeVar("Piece")
Shared = TypeVar("Shared")
Result = TypeVar("Result")
Outcome = TypeVar("Outcome")

_FAN_IN: Final = 8
"""Results merged by one task: more make fewer levels of merging, fewer keep a worker's memory low."""


def map_merge(
    function: Callable[[Piece, Shared], Result],
    pieces: Sequence[Piece],
    merge: Callable[[Sequence[Result]], Result],
    *,
    scheduler: Any,
    shared: Shared,
    finished: Callable[[Piece], None] | None = None,
) -> Result:
    """Return `merge` of `function(piece, shared)` over all pieces, computed by a cluster; see `map_finish`."""
    return map_finish(function, pieces, merge, merge, scheduler=scheduler, shared=shared, finished=finished)


def map_finish(
    function: Callable[[Piece, Shared], Result],
    pieces: Sequence[Piece],
    merge: Callable[[Sequence[Result]], Result],
    finish: Callable[[Sequence[Result]], Outcome],
    *,
    scheduler: Any,
    shared: Shared,
    finished: Callable[[Piece], None] | None = None,
) -> Outcome:
    """Return `finish` of the last few merges of `function(piece, shared)` over all pieces, all computed by a cluster.

    Only what `finish` makes comes here; merged results stay among the workers.

    Parameters
    ----------
    function, merge, finish : callable
        Importable on the workers (hatang must be installed there), and free of side effects: a piece may be worked on twice. `merge` and
        `finish` take a sequence of results, one or more.
    pieces : sequence, one or more
        Small descriptions of the work; at most twice as many as the cluster has threads are under way at a time.
    scheduler : str, `distributed.LocalCluster` or `distributed.Client`
        Address of the scheduler (`tcp://…`), or an object that knows one. A client is left open.
    shared : object
        Sent along with every piece, to each worker once.
    finished : callable, optional
        Called in the calling thread with each piece that is done; what it raises cancels the rest and passes through.

    Raises
    ------
    MissingError
        Where the extra `cluster` is not installed, or no scheduler answers at the address.
    ParameterError
        Where there is no piece.
    """
    if not pieces:
        raise ParameterError("error.cluster.nothing")
    with _client(scheduler) as client:
        run = _Run(client, merge)
        outcome: Outcome = client.submit(finish, run.results(function, pieces, _sent(client, shared), finished), pure=False).result()
        return outcome


class _Run:
    """One `map_finish` on an open client."""

    def __init__(self, client: Any, merge: Callable[[Sequence[Any]], Any]) -> None:
        self._client, self._merge = client, merge
        self._ready: list[Any] = []
        self._under_way: dict[Any, Any] = {}

    def results(
        self, function: Callable[..., Any], pieces: Sequence[Any], shared: Any, finished: Callable[[Any], None] | None
    ) -> list[Any]:
        """Return the last few futures, which nothing merges any more."""
        distributed = importlib.import_module("distributed")
        window = 2 * max(1, sum(self._client.nthreads().values()))
        waiting = iter(pieces)
        stream = distributed.as_completed(loop=self._client.loop)
        try:
            for piece in [piece for _, piece in zip(range(window), waiting, strict=False)]:
                self._begin(stream, piece, function, piece, shared)
            for future in stream:
                piece = self._under_way.pop(future)
                if future.status == "error":
                    future.result()
                self._ready.append(future)
                if piece is not None:
                    if finished is not None:
                        finished(piece)
                    following = next(waiting, None)
                    if following is not None:
                        self._begin(stream, following, function, following, shared)
                if len(self._ready) >= _FAN_IN and self._under_way:
                    self._begin(stream, None, self._merge, self._ready)
                    self._ready = []
            return self._ready
        finally:
            self._client.cancel(list(self._under_way))

    def _begin(self, stream: Any, piece: Any, function: Callable[..., Any], *arguments: Any) -> None:
        future = self._client.submit(function, *arguments, pure=False)
        self._under_way[future] = piece
        stream.add(future)


def _sent(client: Any, shared: Any) -> Any:
    """Hand over what all pieces share as a task: unlike scattered data it can be made anew when the worker that holds it dies."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")
        return client.submit(_itself, shared, pure=False)


def _itself(shared: Any) -> Any:
    return shared


@contextmanager
def _client(scheduler: Any) -> Iterator[Any]:
    """Yield a client of the scheduler; one made here is closed at the end."""
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise MissingError("error.cluster.extra", extra="cluster") from error
    if isinstance(scheduler, distributed.Client):
        yield scheduler
        return
    address = str(getattr(scheduler, "scheduler_address", scheduler))
    try:
        client = distributed.Client(address, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise MissingError("error.cluster.unreachable", address=address) from error
    with client:
        yield client
