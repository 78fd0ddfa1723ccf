"""Check the web server of the page over loopback, with a real client."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession

from msanii_live.errors import PortInUse
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.forms import table
from msanii_live.protocol.request import parse_request
from msanii_live.web.app import PAGE_FOLDER, WebServer, start_web_server

PNG = b"\x89PNG\r\n\x1a\n and the rest"


@dataclass
class Source:
    """A source with two clips: one with a file, and one whose file is gone."""

    folder: Path
    jobs: list[Mapping[str, object]] = field(default_factory=list)

    def snapshot(self) -> Mapping[str, object]:
        clip = {"name": "loop1", "seconds": 8.0, "bpm": 120.0, "seed": 7, "wrote": 1.0}
        return {
            "server": {"state": "idle", "version": "1", "osc": "127.0.0.1:7770"},
            "clips": {"total": 1, "newest": [clip]},
            "jobs": self.jobs,
        }

    def wav_path(self, name: str, blake2b: str = "") -> Path | None:
        return self.folder / f"{name}.wav" if name in ("loop1", "lost", "v1.2", "old.pad") else None

    def mel(self, name: str) -> bytes | None:
        return PNG if name == "loop1" else None

    def companion_path(self, name: str, suffix: str) -> Path | None:
        path = self.folder / f"{name}{suffix}"
        return path if name == "loop1" and path.exists() else None

    def notes(self, name: str) -> dict[str, list[str]] | None:
        return {"parts": ["drums"]} if name == "loop1" else None

    def outline(self, name: str) -> dict[str, list[int]] | None:
        return {"low": [-3], "high": [4]} if name == "loop1" else None


Visit = Callable[[ClientSession, WebServer, Source], Awaitable[None]]


def visit(folder: Path, check: Visit, host: str = "127.0.0.1") -> None:
    async def main() -> None:
        (folder / "loop1.wav").write_bytes(b"RIFF" + bytes(96))
        (folder / "v1.2.wav").write_bytes(b"RIFF")
        (folder / "old.pad.wav").write_bytes(b"RIFF")
        source = Source(folder)
        server = await start_web_server(host, 0, source, table())
        try:
            base = f"http://127.0.0.1:{server.port}"
            async with ClientSession(base_url=base) as session:
                await check(session, server, source)
        finally:
            await server.stop()

    asyncio.run(main())


def test_the_state_is_the_snapshot(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, source: Source) -> None:
        async with session.get("/api/state") as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-cache"
            assert await answer.json() == source.snapshot()
        source.jobs = [
            {"job": 1, "token": "a", "command": "x", "state": "running", "step": 2, "steps": 9}
        ]
        async with session.get("/api/state") as answer:
            assert (await answer.json())["jobs"] == source.jobs

    visit(tmp_path, check)


MODULES = sorted(path.name for path in PAGE_FOLDER.glob("*.js"))
STYLES = sorted(path.name for path in PAGE_FOLDER.glob("*.css"))


def text_of(name: str) -> str:
    return (PAGE_FOLDER / name).read_text("utf-8")


def test_the_page_has_all_it_needs_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        async with session.get("/") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/html"
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            page = await answer.text()
        named = set(re.findall(r'(?:src|href)="([^"#]+)"', page))
        assert named == {"data:,", "/page/main.js", *(f"/page/{name}" for name in STYLES)}
        assert "style=" not in page
        for name in (*STYLES, *MODULES):
            async with session.get(f"/page/{name}") as answer:
                assert answer.status == 200
                kind = "text/css" if name.endswith("css") else "text/javascript"
                assert answer.content_type == kind
                assert not re.search(r"https?://\w", await answer.text()), name

    visit(tmp_path, check)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_finds_what_it_names(name: str) -> None:
    script = text_of(name)
    for module in re.findall(r'from "\./([\w.]+)"', script):
        assert module in MODULES
    made_here = set(re.findall(r'id: "([\w-]+)"', "".join(map(text_of, MODULES))))
    places = set(re.findall(r'id="([\w-]+)"', text_of("index.html"))) | made_here
    assert set(re.findall(r'byId\("([\w-]+)"\)', script)) <= places
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


def test_every_module_is_used() -> None:
    reached, left = set(), ["main.js"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += re.findall(r'from "\./([\w.]+)"', text_of(name))
    assert sorted(reached) == MODULES


def test_the_table_is_served_whole(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        async with session.get("/api/table") as answer:
            told = await answer.json()
        forms = {form["address"]: form for group in told["groups"] for form in group["commands"]}
        assert forms.keys() == {command.address for command in COMMANDS}
        seconds = next(a for a in forms["/msanii/generate"]["arguments"] if a["name"] == "seconds")
        assert (seconds["kind"], seconds["low"], seconds["high"]) == ("f", 0.5, 190)
        assert (seconds["unit"], seconds["default"], seconds["shared"]) == ("s", 6, False)
        for form in forms.values():
            assert form["reply"] in told["replies"]
            assert form["text"]
        assert "range" in told["codes"]["ERANGE"]

    visit(tmp_path, check)


def test_the_messages_to_try_are_messages() -> None:
    page = text_of("index.html")
    messages = re.findall(r"<li><code>(/msanii[^<]+)</code>", page)
    assert len(messages) == 5
    for message in messages:
        address, *args = message.split()
        assert parse_request(address, args).unknown == ()


def test_a_clip_is_heard_and_seen(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        async with session.get("/clips/loop1.wav") as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert await answer.read() == b"RIFF" + bytes(96)
        async with session.get("/clips/loop1.wav", headers={"Range": "bytes=0-3"}) as answer:
            assert (answer.status, await answer.read()) == (206, b"RIFF")
        async with session.get("/clips/v1.2.wav?wrote=3") as answer:
            assert (answer.status, await answer.read()) == (200, b"RIFF")
        async with session.get("/clips/loop1.png") as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
            assert await answer.read() == PNG
        async with session.get("/clips/loop1.json") as answer:
            assert (answer.status, await answer.json()) == (200, {"low": [-3], "high": [4]})

    visit(tmp_path, check)


def test_notes_and_stems_are_served_and_a_clip_may_be_called_like_one(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, source: Source) -> None:
        (tmp_path / "loop1.mid").write_bytes(b"MThd")
        (tmp_path / "loop1.drums.wav").write_bytes(b"RIFFd")
        async with session.get("/clips/loop1.mid?wrote=1") as answer:
            assert (answer.status, answer.content_type) == (200, "audio/midi")
            assert await answer.read() == b"MThd"
        async with session.get("/clips/loop1.drums.wav") as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert await answer.read() == b"RIFFd"
        async with session.get("/clips/loop1.notes") as answer:
            assert (answer.status, await answer.json()) == (200, {"parts": ["drums"]})
        async with session.get("/clips/old.pad.wav") as answer:  # of an earlier version
            assert (answer.status, await answer.read()) == (200, b"RIFF")

    visit(tmp_path, check)


@pytest.mark.parametrize(
    "path",
    [
        "/clips/loop1.bass.wav", "/clips/nosuch.drums.wav", "/clips/nosuch.mid",
        "/clips/lost.notes", "/clips/..%2Fsecret.mid", "/clips/nosuch.wav", "/clips/nosuch.png",
        "/clips/nosuch.json", "/page/../web.py",
        "/page/..%2Fweb.py", "/page.js", "/clips/lost.wav", "/nosuch", "/clips/",
        "/clips/..%2Fsecret.wav", "/clips/loop1.flac", "/page/index.html", "/clips/a%00b.wav",
    ],
)  # fmt: skip
def test_what_is_not_there_is_an_error_in_json(tmp_path: Path, path: str) -> None:
    async def check(session: ClientSession, server: WebServer, _source: Source) -> None:
        (tmp_path.parent / "secret.wav").write_bytes(b"secret")
        async with session.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/json")
            assert (await answer.json())["error"]

    visit(tmp_path, check)


def test_only_reading_is_served(tmp_path: Path) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        async with session.post("/api/state", data=b"{}") as answer:
            assert (answer.status, answer.content_type) == (405, "application/json")

    visit(tmp_path, check)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:7771", 200), ("127.0.0.1:80", 200), ("[::1]:7771", 200),
        ("evil.example", 403), ("evil.example:7771", 403), ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403), ("192.168.1.5", 403), ("[::2]", 403), ("0.0.0.0", 403),
    ],
)  # fmt: skip
def test_a_page_from_elsewhere_cannot_pass_for_us(tmp_path: Path, host: str, status: int) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        for path in ("/", "/api/state", "/clips/loop1.wav"):
            async with session.get(path, headers={"Host": host}) as answer:
                assert answer.status == status, path

    visit(tmp_path, check)


NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # curl, a patch
        ({"Origin": "http://{ours}"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Sec-Fetch-Site": "none", **NAVIGATION}, 200),
        ({"Sec-Fetch-Site": "cross-site", **NAVIGATION}, 200),  # a link from elsewhere
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "null"}, 403),  # a page that hides where it is from
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", **NAVIGATION, "Sec-Fetch-Dest": "iframe"}, 403),
    ],
)
def test_a_page_from_elsewhere_may_not_ask(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async def check(session: ClientSession, server: WebServer, _source: Source) -> None:
        sent = {k: v.format(ours=f"127.0.0.1:{server.port}") for k, v in headers.items()}
        for path in ("/", "/api/state", "/api/table", "/clips/loop1.wav", "/clips/loop1.png"):
            async with session.get(path, headers=sent) as answer:
                assert answer.status == status, path

    visit(tmp_path, check)


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 200), ("192.168.1.5:7771", 200), ("evil.example", 403)]
)
def test_bound_to_every_address_it_is_reached_by_number(
    tmp_path: Path, host: str, status: int
) -> None:
    async def check(session: ClientSession, _server: WebServer, _source: Source) -> None:
        async with session.get("/api/state", headers={"Host": host}) as answer:
            assert answer.status == status

    visit(tmp_path, check, host="0.0.0.0")


def test_a_port_in_use_is_named_with_its_flag(tmp_path: Path) -> None:
    async def check(_session: ClientSession, server: WebServer, source: Source) -> None:
        assert server.port > 0
        with pytest.raises(PortInUse, match="--http-port") as caught:
            await start_web_server("127.0.0.1", server.port, source, {})
        assert caught.value.port == server.port

    visit(tmp_path, check)


def test_an_address_of_another_machine_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        asyncio.run(start_web_server("192.0.2.1", 0, Source(tmp_path), {}))


def test_stopping_frees_the_port_and_may_be_done_twice(tmp_path: Path) -> None:
    async def main() -> None:
        server = await start_web_server("127.0.0.1", 0, Source(tmp_path), {})
        await server.stop()
        await server.stop()
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", server.port)) != 0
        again = await start_web_server("127.0.0.1", server.port, Source(tmp_path), {})
        await again.stop()

    asyncio.run(main())


def test_the_docs_of_the_page_have_short_lines():
    docs = PAGE_FOLDER.parents[2] / "docs" / "monitor.md"
    assert [line for line in docs.read_text("utf-8").splitlines() if len(line) > 120] == []
