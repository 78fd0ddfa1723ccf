"""Check the status page over loopback, with a real client and a real source."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession

from msanii_live.errors import PortInUse
from msanii_live.monitor.web import PAGE_FOLDER, Monitor, start
from msanii_live.protocol.commands import parse

PNG = b"\x89PNG\r\n\x1a\n and the rest"


@dataclass
class Source:
    """Hold two clips: one with a file, and one whose file is gone."""

    folder: Path
    jobs: list[Mapping[str, object]] = field(default_factory=list)

    def snapshot(self) -> Mapping[str, object]:
        clip = {"name": "loop1", "seconds": 8.0, "bpm": 120.0, "seed": 7, "wrote": 1.0}
        return {
            "state": "idle", "version": "1", "osc": "127.0.0.1:7770", "folder": str(self.folder),
            "audio": "none", "engines": [{"name": "tones", "state": "warm"}], "jobs": self.jobs,
            "clips": [{**clip, "engine": "tones"}], "counters": {"received": 3},
        }  # fmt: skip

    def wav_path(self, name: str) -> Path | None:
        return self.folder / f"{name}.wav" if name in ("loop1", "lost", "v1.2") else None

    def picture(self, name: str) -> bytes | None:
        return PNG if name == "loop1" else None


Visit = Callable[[ClientSession, Monitor, Source], Awaitable[None]]


def visit(folder: Path, check: Visit, host: str = "127.0.0.1") -> None:
    async def main() -> None:
        (folder / "loop1.wav").write_bytes(b"RIFF" + bytes(96))
        (folder / "v1.2.wav").write_bytes(b"RIFF")
        source = Source(folder)
        monitor = await start(host, 0, source)
        try:
            base = f"http://127.0.0.1:{monitor.port}"
            async with ClientSession(base_url=base) as session:
                await check(session, monitor, source)
        finally:
            await monitor.stop()

    asyncio.run(main())


def test_the_state_is_the_snapshot(tmp_path: Path) -> None:
    async def check(session: ClientSession, _monitor: Monitor, source: Source) -> None:
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


def test_the_page_has_all_it_needs_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    async def check(session: ClientSession, _monitor: Monitor, _source: Source) -> None:
        async with session.get("/") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/html"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            page = await answer.text()
        assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == {
            "data:,", "/page.css", "/page.js",
        }  # fmt: skip
        assert "style=" not in page
        for path, kind in (("/page.css", "text/css"), ("/page.js", "javascript")):
            async with session.get(path) as answer:
                assert answer.status == 200
                assert kind in answer.content_type
                assert "http" not in await answer.text()

    visit(tmp_path, check)


def test_the_script_fills_places_that_the_page_has() -> None:
    page = (PAGE_FOLDER / "index.html").read_text("utf-8")
    script = (PAGE_FOLDER / "page.js").read_text("utf-8")
    assert set(re.findall(r'place\("(\w+)"\)', script)) <= set(re.findall(r'id="([\w-]+)"', page))
    assert "innerHTML" not in script


def test_the_messages_to_try_are_messages() -> None:
    page = (PAGE_FOLDER / "index.html").read_text("utf-8")
    messages = re.findall(r"<li><code>(/msanii[^<]+)</code>", page)
    assert len(messages) == 5
    for message in messages:
        address, *args = message.split()
        assert parse(address, args).unknown == ()


def test_a_clip_is_heard_and_seen(tmp_path: Path) -> None:
    async def check(session: ClientSession, _monitor: Monitor, _source: Source) -> None:
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

    visit(tmp_path, check)


@pytest.mark.parametrize(
    "path",
    [
        "/clips/nosuch.wav", "/clips/nosuch.png", "/clips/lost.wav", "/nosuch", "/clips/",
        "/clips/..%2Fsecret.wav", "/clips/loop1.flac", "/page/index.html", "/clips/a%00b.wav",
    ],
)  # fmt: skip
def test_what_is_not_there_is_an_error_in_json(tmp_path: Path, path: str) -> None:
    async def check(session: ClientSession, monitor: Monitor, _source: Source) -> None:
        (tmp_path.parent / "secret.wav").write_bytes(b"secret")
        async with session.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/json")
            assert (await answer.json())["error"]

    visit(tmp_path, check)


def test_only_reading_is_served(tmp_path: Path) -> None:
    async def check(session: ClientSession, _monitor: Monitor, _source: Source) -> None:
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
    async def check(session: ClientSession, _monitor: Monitor, _source: Source) -> None:
        for path in ("/", "/api/state", "/clips/loop1.wav"):
            async with session.get(path, headers={"Host": host}) as answer:
                assert answer.status == status, path

    visit(tmp_path, check)


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 200), ("192.168.1.5:7771", 200), ("evil.example", 403)]
)
def test_bound_to_every_address_it_is_reached_by_number(
    tmp_path: Path, host: str, status: int
) -> None:
    async def check(session: ClientSession, _monitor: Monitor, _source: Source) -> None:
        async with session.get("/api/state", headers={"Host": host}) as answer:
            assert answer.status == status

    visit(tmp_path, check, host="0.0.0.0")


def test_a_port_in_use_is_named_with_its_flag(tmp_path: Path) -> None:
    async def check(_session: ClientSession, monitor: Monitor, source: Source) -> None:
        assert monitor.port > 0
        with pytest.raises(PortInUse, match="--http-port") as caught:
            await start("127.0.0.1", monitor.port, source)
        assert caught.value.port == monitor.port

    visit(tmp_path, check)


def test_an_address_of_another_machine_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        asyncio.run(start("192.0.2.1", 0, Source(tmp_path)))


def test_stopping_frees_the_port_and_may_be_done_twice(tmp_path: Path) -> None:
    async def main() -> None:
        monitor = await start("127.0.0.1", 0, Source(tmp_path))
        await monitor.stop()
        await monitor.stop()
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", monitor.port)) != 0
        again = await start("127.0.0.1", monitor.port, Source(tmp_path))
        await again.stop()

    asyncio.run(main())
