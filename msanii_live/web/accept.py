"""The Accept header of HTTP: whether a client wants a page or data (RFC 9110, section 12.5.1)."""

from __future__ import annotations

PAGE_TYPES = ("text/html", "application/xhtml+xml")
DATA_TYPES = ("application/json",)


def prefers_html(accept: str) -> bool:
    """Return whether an Accept header asks for HTML, rather than for JSON or for anything.

    >>> prefers_html("text/html,*/*;q=0.8"), prefers_html("*/*"), prefers_html("text/html;q=0")
    (True, False, False)
    """
    quality: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        quality[name] = max(quality.get(name, 0.0), _quality(parameters))
    page = max(quality.get(name, 0.0) for name in PAGE_TYPES)
    return page > max(quality.get(name, 0.0) for name in DATA_TYPES)


def _quality(parameters: list[str]) -> float:
    """Return the weight among the parameters of a type, 0 to 1; 1 if there is none."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0
