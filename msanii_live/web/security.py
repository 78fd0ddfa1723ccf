"""Tell who may ask over HTTP: this page, and programs; no page of somebody else's.

A page from elsewhere, open in the musician's browser, may point its own name at this address (DNS
rebinding): then the browser takes us for that page's server, and only the Host header tells. Or it
may ask this address outright: then Origin, or where that is not sent Sec-Fetch-Site, tells.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # not hosts that a browser names
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def security_middleware(bound: str) -> Middleware:
    """Return the middleware that refuses pages from elsewhere and words every error as JSON.

    bound: the address that is listened on. WebSockets pass it as well.
    """
    hosts = LOCAL_HOSTS | ({bound.lower()} - EVERY_ADDRESS)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = host_name(request.headers.get("Host", ""))
        if name not in hosts and not (bound in EVERY_ADDRESS and _is_address(name)):
            return error(403, f"this server is not {name or 'without a name'}")
        if is_foreign(request):
            return error(403, "not from a page of another site")
        try:
            response = await handler(request)
        except web.HTTPException as failure:
            return error(failure.status, f"{request.method} {request.path}: {failure.reason}")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return check


def is_foreign(request: web.Request) -> bool:
    """Tell whether a browser says that another site's page asks. A link to here may be followed."""
    headers = request.headers
    origin = headers.get("Origin")
    if origin is not None:
        # "null" is what a page has that hides where it is from.
        return urlsplit(origin).netloc.lower() != headers.get("Host", "").lower()
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return False
    place = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest"))
    return place != ("navigate", "document")


def error(status: int, text: str) -> web.Response:
    """Return an error in words, as JSON."""
    return web.json_response({"error": text}, status=status, headers=HEADERS)


def host_name(header: str) -> str:
    """Return the name in a Host header, without port and brackets, in lower case.

    >>> host_name("[::1]:7771"), host_name("LOCALHOST:7771"), host_name("127.0.0.1")
    ('::1', 'localhost', '127.0.0.1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    # Bound to every address, the page is reached by number: no name that someone else can point.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
