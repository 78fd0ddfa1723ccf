"""Check which requests pass for this server's own, by their headers alone."""

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from msanii_live.web.security import (
    RESPONSE_HEADERS,
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
