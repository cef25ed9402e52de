"""Compiled loops: numba's `njit` with one set of options and with types that a type checker understands.

A kernel works on arrays alone, without the interpreter's lock, so that threads really run side by side. Arithmetic is IEEE 754 to the
letter (no `fastmath`): the exact kernels bound their rounding errors, and equal input must give equal bits on any number of threads.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled at its first call and kept on disk beside its module.

    Kernels that call each other stand in one module: a change in another module does not make numba compile anew.
    """
    decorate = cast("Callable[..., Any]", numba.njit(cache=True, nogil=True, error_model="numpy"))
    return cast("Callable[P, R]", decorate(function))
