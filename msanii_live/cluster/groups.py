"""Marks of the methods that Ray calls, without Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def in_group(name: str, returns: int = 1) -> Callable[[F], F]:
    """Mark a method as `ray.method` does. name: of the threads that run it.

    returns: how many things it returns, each of which is fetched by itself.
    """

    def mark(method: F) -> F:
        method.__ray_concurrency_group__ = name  # type: ignore[attr-defined]
        method.__ray_num_returns__ = returns  # type: ignore[attr-defined]
        return method

    return mark
