"""Protection against pages of other sites that are open in the user's browser.

Programs and this server's own page may send requests; pages of other sites may not. Such a page can
point its own host name at this address (DNS rebinding). The Host header then has that name. Or it
can send requests to this address directly. Then the Origin header has the name of the other site
or, if it is absent, the Sec-Fetch-Site header says so.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
EVERY_ADDRESS = frozenset(
    {"0.0.0.0", "::", ""}
)  # bound to all addresses; browsers do not send these
PREFLIGHT = "Access-Control-Request-Method"
_ORIGIN = web.RequestKey("origin", str)  # the other site that may send a request, "" for none
RESPONSE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def host_names(osc_port: int) -> list[str]:
    """Return the names by which others on the network may ask for this server's page.

    They are the one that the announcement gives, and this machine's own.
    """
    full = socket.gethostname().lower().rstrip(".")
    short = full.split(".")[0]
    return [announced_host(osc_port).rstrip("."), f"{short}.local", short, full]


def announced_host(osc_port: int) -> str:
    """Return the host name that the announcement gives, with the dot of a whole name."""
    return f"msanii-live-{osc_port}.local."


def security_middleware(
    bound: str, names: Sequence[str] = (), allow_origin: Sequence[str] = ()
) -> Middleware:
    """Return a middleware that rejects other sites' requests and sends every error as JSON.

    bound: the address that the server listens on. names: other host names that it has, see
    `host_names`. allow_origin: origins of sites that may send requests all the same, such as
    http://localhost:3000. WebSocket requests are checked too.
    """
    hosts = LOCAL_HOSTS | ({bound.lower(), *(name.lower() for name in names)} - EVERY_ADDRESS)
    origins = {origin.lower() for origin in allow_origin}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = parse_host(request.headers.get("Host", ""))
        if name not in hosts and not (bound in EVERY_ADDRESS and _is_ip_address(name)):
            return json_error(403, f"this server is not {name or 'without a name'}")
        origin = request.headers.get("Origin", "")
        if origin.lower() not in origins:
            origin = ""
        try:
            is_refused = not origin and is_cross_site(request)
        except ValueError as error:
            return json_error(400, f"malformed Origin: {error}")
        if is_refused:
            return json_error(403, "not from a page of another site; --allow-origin allows one")
        request[_ORIGIN] = origin
        response = await _respond(request, handler, origin)
        if not response.prepared:
            response.headers.update(response_headers(request))
        return response

    return check


def response_headers(request: web.Request) -> dict[str, str]:
    """Return the headers of an answer; one that is sent piece by piece sets them itself."""
    return {**RESPONSE_HEADERS, **_origin_headers(request, request.get(_ORIGIN, ""))}


async def _respond(request: web.Request, handler: Handler, origin: str) -> web.StreamResponse:
    if origin and request.method == "OPTIONS" and PREFLIGHT in request.headers:
        return web.Response(status=204)
    try:
        return await handler(request)
    except web.HTTPException as failure:
        return json_error(failure.status, f"{request.method} {request.path}: {failure.reason}")


def _origin_headers(request: web.Request, origin: str) -> dict[str, str]:
    """Return the headers that let a browser give an answer to a page of another site (CORS)."""
    if not origin:
        return {}
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.method == "OPTIONS":
        asked = request.headers.get("Access-Control-Request-Headers", "")
        headers |= {
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Private-Network": "true",
            **({"Access-Control-Allow-Headers": asked} if asked else {}),
        }
    return headers


def is_cross_site(request: web.Request) -> bool:
    """Return whether a browser sends a request for a page of another site.

    Following a link to this server is allowed. Raises: ValueError: the Origin header is no URL.
    """
    headers = request.headers
    origin = headers.get("Origin")
    if origin is not None:
        # "null" is the origin of a page that hides it, such as a sandboxed frame.
        return urlsplit(origin).netloc.lower() != headers.get("Host", "").lower()
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return False
    is_link = headers.get("Sec-Fetch-Mode") == "navigate"
    return not (is_link and headers.get("Sec-Fetch-Dest") == "document")


def json_error(status: int, text: str) -> web.Response:
    """Return an error response with the text as JSON."""
    return web.json_response({"error": text}, status=status, headers=RESPONSE_HEADERS)


def parse_host(header: str) -> str:
    """Return the host in a Host header without port, brackets and last dot, in lower case.

    >>> parse_host("[::1]:7771"), parse_host("LOCALHOST:7771"), parse_host("127.0.0.1")
    ('::1', 'localhost', '127.0.0.1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")


def _is_ip_address(name: str) -> bool:
    # If bound to every address, only IP addresses are accepted: nobody can redirect those.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
