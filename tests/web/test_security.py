"""Check which requests pass for this server's own, by their headers alone."""

import asyncio
import json
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from msanii_live.web.accept import prefers_html
from msanii_live.web.security import (
    RESPONSE_HEADERS,
    host_names,
    is_cross_site,
    json_error,
    parse_host,
    security_middleware,
)

LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:7771", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:7771", "::1"),
        ("[::1]", "::1"),
        ("Studio.local.:7771", "studio.local"),
        ("", ""),
    ],
)
def test_a_host_is_without_port_and_brackets(header, expected):
    assert parse_host(header) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"Origin": "http://127.0.0.1:7771"}, False),
        ({"Origin": "http://127.0.0.1:3000"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "cross-site", **LINK}, False),
        ({"Sec-Fetch-Site": "cross-site", **LINK, "Sec-Fetch-Dest": "iframe"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, True),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_requests_of_other_sites_are_recognised(headers, expected):
    request = make_mocked_request("GET", "/", {"Host": "127.0.0.1:7771", **headers})
    assert is_cross_site(request) is expected


async def fail_with_404(_request):
    raise web.HTTPNotFound


async def succeed(_request):
    return web.Response(text="fine")


def respond(bound, handler=succeed, **headers):
    request = make_mocked_request("GET", "/page", headers)
    return asyncio.run(security_middleware(bound)(request, handler))


@pytest.mark.parametrize(
    ("bound", "host", "status"),
    [
        ("127.0.0.1", "localhost:7771", 200),
        ("127.0.0.1", "192.168.1.5", 403),
        ("192.168.1.5", "192.168.1.5:7771", 200),
        ("192.168.1.5", "192.168.1.6", 403),
        ("0.0.0.0", "192.168.1.5", 200),
        ("0.0.0.0", "evil.example", 403),
        ("::", "[2001:db8::1]:7771", 200),
        ("127.0.0.1", "", 403),
    ],
)
def test_only_hosts_of_this_server_pass(bound, host, status):
    assert respond(bound, Host=host).status == status


def test_every_response_has_the_security_headers():
    for handler in (succeed, fail_with_404):
        response = respond("127.0.0.1", handler, Host="localhost")
        assert RESPONSE_HEADERS.items() <= dict(response.headers).items()
    assert "frame-ancestors 'none'" in RESPONSE_HEADERS["Content-Security-Policy"]


def test_an_error_is_json():
    response = respond("127.0.0.1", fail_with_404, Host="localhost")
    assert (response.status, json.loads(response.text)) == (404, {"error": "GET /page: Not Found"})
    assert json.loads(json_error(403, "no").text) == {"error": "no"}


def ask(middleware, method="GET", host="127.0.0.1:7771", **headers):
    async def answer(_request):
        return web.Response(text="ok")

    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request(method, "/", {"Host": host, **headers})
    return asyncio.run(middleware(request, answer))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("msanii-live-7770.local:7771", 200),
        ("MSANII-LIVE-7770.local.", 200),
        (f"{socket.gethostname()}:7771", 200),
        (f"{socket.gethostname().split('.')[0]}.local", 200),
        ("msanii-live-7772.local:7771", 403),
        ("evil.example", 403),
        ("msanii-live-7770.local.evil.example", 403),
    ],
)
def test_the_names_that_are_announced_are_served(host, status):
    assert ask(security_middleware("127.0.0.1", host_names(7770)), host=host).status == status


ALLOWED = ("http://localhost:3000", "https://Patch.example")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("https://patch.example", 200),
        ("http://127.0.0.1:7771", 200),
        ("http://localhost:3001", 403),
        ("https://localhost:3000", 403),
        ("http://localhost:3000.evil.example", 403),
        ("null", 403),
        ("http://[", 400),
    ],
)
def test_the_origins_that_are_allowed_are_answered(origin, status):
    response = ask(security_middleware("127.0.0.1", allow_origin=ALLOWED), Origin=origin)
    assert response.status == status
    is_other = status == 200 and "7771" not in origin
    assert response.headers.get("Access-Control-Allow-Origin") == (origin if is_other else None)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://patch.example", "http://x"])
def test_a_preflight_is_answered_for_an_allowed_origin_alone(origin):
    response = ask(
        security_middleware("127.0.0.1", allow_origin=ALLOWED), "OPTIONS", Origin=origin,
        Access_Control_Request_Method="GET", Access_Control_Request_Headers="x-token",
    )  # fmt: skip
    if origin == "http://x":
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    else:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Headers"] == "x-token"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("application/json;q=0.5, text/html", True),
        ("*/*", False),
        ("", False),
        ("application/json, text/plain, */*", False),
        ("application/json, text/html;q=0.1", False),
        ("text/html;q=0", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_a_page_is_sent_to_those_who_prefer_one(accept, expected):
    assert prefers_html(accept) is expected
