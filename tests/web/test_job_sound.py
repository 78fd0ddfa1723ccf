"""Listen to the clip of a job over HTTP while it is made, with a real client."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from aiohttp import ClientError, ClientSession

from msanii_live.audio import Samples
from msanii_live.engines.spans import SpanPlan
from msanii_live.jobs.partial_clips import PartialClip, PartialClips
from msanii_live.web import job_sound
from msanii_live.web.app import WebServer, start_web_server
from msanii_live.web.job_sound import JobSounds
from tests.web.test_app import Source

RATE = 1_000
HEAD = 56  # bytes
CUT_OFF = (ClientError, asyncio.IncompleteReadError)
Visit = Callable[[ClientSession, PartialClips, WebServer], Awaitable[None]]


def visit(folder: Path, check: Visit, patience: float = 30.0) -> None:
    async def main() -> None:
        (folder / "loop1.wav").write_bytes(b"RIFF the whole file")
        source, partials = Source(folder), PartialClips()
        sounds = JobSounds(partials, source.wav_path, patience)
        server = await start_web_server(
            "127.0.0.1", 0, source, {}, allow_origin=["http://else.where"],
            add_routes=sounds.add_routes,
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{server.port}"
            async with asyncio.timeout(60), ClientSession(base_url=base) as session:
                await check(session, partials, server)
        finally:
            await server.stop()

    asyncio.run(main())


async def listened(clip: PartialClip, count: int = 1) -> None:
    """Wait until so many requests listen."""
    while len(clip._listeners) != count:
        await asyncio.sleep(0.01)


def noise(frames: int) -> Samples:
    rng = np.random.default_rng(frames)
    return rng.uniform(-1, 1, (frames, 2)).astype(np.float32)


async def in_thread(call: Callable[..., object], *arguments: object) -> None:
    """Call something as the job's thread does."""
    await asyncio.get_running_loop().run_in_executor(None, call, *arguments)


def test_spans_are_heard_as_they_come_and_are_a_wav_of_the_clip(tmp_path: Path) -> None:
    wave = noise(700)

    async def check(session: ClientSession, partials: PartialClips, _server: WebServer) -> None:
        clip = partials.add(7, "loop1")
        asked = asyncio.create_task(session.get("/jobs/7.wav"))
        await listened(clip)
        await in_thread(clip.begin, SpanPlan(700, RATE, (200, 500)))
        await in_thread(clip.take, wave[:200])
        async with await asked as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert answer.content_length == HEAD + 4 * 2 * 700
            assert answer.headers["Content-Disposition"] == 'inline; filename="loop1.wav"'
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            first = await answer.content.readexactly(HEAD + 4 * 2 * 200)  # the rest is not made
            await in_thread(clip.take, wave[200:])
            await in_thread(clip.end)
            rest = await answer.content.read()
        samples, rate = soundfile.read(io.BytesIO(first + rest), dtype="float32")
        assert rate == RATE
        assert np.array_equal(samples, wave)

    visit(tmp_path, check)


def test_what_is_handed_over_by_nobody_is_its_file_at_the_end(tmp_path: Path) -> None:
    async def check(session: ClientSession, partials: PartialClips, _server: WebServer) -> None:
        clip = partials.add(7, "loop1")
        asked = asyncio.create_task(session.get("/jobs/last.wav"))
        await listened(clip)
        await in_thread(clip.end)
        async with await asked as answer:
            assert (answer.status, await answer.read()) == (200, b"RIFF the whole file")
        async with session.get("/jobs/7.wav") as answer:  # and whoever comes late
            assert (answer.status, await answer.read()) == (200, b"RIFF the whole file")

    visit(tmp_path, check)


def test_a_job_that_makes_no_clip_is_told_or_cut_off(tmp_path: Path) -> None:
    async def check(session: ClientSession, partials: PartialClips, _server: WebServer) -> None:
        clip = partials.add(1, "loop1")
        waiting = asyncio.create_task(session.get("/jobs/1.wav"))
        await listened(clip)
        await in_thread(clip.end, "it was cancelled")
        async with await waiting as answer:
            assert answer.status == 410
            assert (await answer.json())["error"] == "the job made no clip: it was cancelled"

        clip = partials.add(2, "loop1")
        clip.begin(SpanPlan(700, RATE, (200, 500)))
        clip.take(noise(200))
        async with session.get("/jobs/2.wav") as answer:
            await answer.content.readexactly(HEAD + 4 * 2 * 200)
            await in_thread(clip.end, "it was cancelled")
            with pytest.raises(CUT_OFF):  # not taken for the whole
                await answer.content.readexactly(1)
        await listened(clip, 0)

    visit(tmp_path, check)


def test_a_clip_that_is_begun_anew_is_cut_off(tmp_path: Path) -> None:
    async def check(session: ClientSession, partials: PartialClips, _server: WebServer) -> None:
        clip = partials.add(1, "loop1")
        clip.begin(SpanPlan(700, RATE, (200, 500)))
        clip.take(noise(200))
        async with session.get("/jobs/1.wav") as answer:
            await answer.content.readexactly(HEAD + 4 * 2 * 200)
            await in_thread(clip.begin, SpanPlan(700, RATE, (200, 500)))  # by another worker
            with pytest.raises(CUT_OFF):
                await answer.content.readexactly(1)

    visit(tmp_path, check)


@pytest.mark.parametrize("path", ["/jobs/9.wav", "/jobs/last.wav", "/jobs/0x9.wav", "/jobs/-1.wav"])
def test_a_job_that_is_unknown_is_an_error_in_json(tmp_path: Path, path: str) -> None:
    async def check(session: ClientSession, _partials: PartialClips, _server: WebServer) -> None:
        async with session.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/json")

    visit(tmp_path, check)


def test_who_does_not_read_holds_nothing_up_and_is_cut_off(tmp_path: Path) -> None:
    big = np.zeros((4_000_000, 2), np.float32)  # more than sockets keep

    async def check(session: ClientSession, partials: PartialClips, server: WebServer) -> None:
        clip = partials.add(1, "loop1")
        clip.begin(SpanPlan(2 * len(big), 5 * len(big), (len(big), len(big))))
        clip.take(big)
        _, stalled = await asyncio.open_connection("127.0.0.1", server.port, limit=1_024)
        stalled.write(b"GET /jobs/1.wav HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await listened(clip)
        clip.take(big)  # returns at once
        clip.end()
        await listened(clip, 0)
        assert clip.progress.spans == ()
        stalled.close()

    visit(tmp_path, check, patience=0.2)


def test_who_has_gone_is_noticed_and_only_so_many_may_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sound, "_LOOK_INTERVAL", 0.05)

    async def check(session: ClientSession, partials: PartialClips, server: WebServer) -> None:
        clip = partials.add(1, "loop1")
        waiting = []
        for _ in range(job_sound.MAX_READERS):
            waiting.append(await asyncio.open_connection("127.0.0.1", server.port))
            waiting[-1][1].write(b"GET /jobs/1.wav HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await listened(clip, job_sound.MAX_READERS)
        async with session.get("/jobs/1.wav") as answer:
            assert answer.status == 503
        for _, writer in waiting:
            writer.close()
        await listened(clip, 0)

    visit(tmp_path, check)


def test_other_sites_may_not_listen_but_those_that_are_allowed(tmp_path: Path) -> None:
    async def check(session: ClientSession, partials: PartialClips, _server: WebServer) -> None:
        clip = partials.add(1, "loop1")
        clip.begin(SpanPlan(200, RATE, (200,)))
        clip.take(noise(200))
        for origin, status in (("http://evil.example", 403), ("http://else.where", 200)):
            async with session.get("/jobs/1.wav", headers={"Origin": origin}) as answer:
                assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == "http://else.where"
        async with session.head("/jobs/1.wav") as answer:
            assert (answer.status, answer.content_length) == (200, HEAD + 4 * 2 * 200)

    visit(tmp_path, check)
