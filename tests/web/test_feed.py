"""Check what the page is told: only what changed, at most ten times a second, and bounded."""

import asyncio
import json
import time

import pytest
from aiohttp import ClientSession, WSMsgType

from msanii_live.web.feed import FIRST_LINES, LINES, TICK, Feed
from tests.osc import packets


class Source:
    """Be a small server whose state a test changes."""

    def __init__(self):
        self.level = 0
        self.name = "idle"
        self.lines = []
        self.news = []

    def quick(self):
        return {"meters": self.level}

    def slow(self):
        return {"server": self.name}

    def log(self, since, most):
        lines = self.lines[since:][-most:]
        return {"written": len(self.lines), "lines": lines}

    def events(self, since, most):
        return self.news[since:][-most:]

    @property
    def log_written(self):
        return len(self.lines)

    @property
    def events_told(self):
        return len(self.news)


def watch(scenario):
    async def main():
        source = Source()
        feed = Feed(source)
        try:
            await scenario(source, feed)
        finally:
            await feed.close()

    asyncio.run(main())


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def test_only_what_has_changed_is_told():
    async def scenario(source, feed):
        told = []
        feed.join(lambda text: told.append(json.loads(text)) or True)
        await until(lambda: told)
        assert told == [{"meters": 0, "server": "idle"}]
        await asyncio.sleep(4 * TICK)
        assert len(told) == 1
        source.level = 3
        source.news.append("done")
        await until(lambda: len(told) == 2)
        assert told[1] == {"meters": 3, "events": ["done"]}

    watch(scenario)


def test_a_page_that_is_behind_is_told_the_newest_once_it_reads():
    async def scenario(source, feed):
        told, reads = [], False

        def post(text):
            if reads:
                told.append(json.loads(text))
            return reads

        feed.join(post)
        for source.level in range(4):
            await asyncio.sleep(TICK)
        reads = True
        await until(lambda: told)
        assert told[0] == {"meters": 3, "server": "idle"}

    watch(scenario)


def test_a_flood_is_told_in_part():
    async def scenario(source, feed):
        source.lines = list(range(1_000))
        told = []
        feed.join(lambda text: told.append(json.loads(text)) or True)
        await until(lambda: told)
        assert told[0]["log"]["lines"] == list(range(1_000 - FIRST_LINES, 1_000))
        source.lines += list(range(1_000, 2_000))
        await until(lambda: len(told) == 2)
        assert told[1]["log"] == {"written": 2_000, "lines": list(range(2_000 - LINES, 2_000))}

    watch(scenario)


def test_nothing_is_looked_at_while_nobody_watches():
    async def scenario(source, feed):
        told = []
        leave = feed.join(lambda text: told.append(text) or True)
        await until(lambda: told)
        leave()
        await asyncio.sleep(2 * TICK)
        looks = []
        source.quick = lambda: looks.append(1) or {}
        await asyncio.sleep(3 * TICK)
        assert looks == []

    watch(scenario)


def test_a_fault_in_a_look_ends_nothing():
    async def scenario(source, feed):
        told = []
        good = source.quick
        source.quick = lambda: 1 / 0
        feed.join(lambda text: told.append(text) or True)
        await asyncio.sleep(2 * TICK)
        source.quick = good
        await until(lambda: told)

    watch(scenario)


# -- the same from a real server -------------------------------------------------------------------


def over_socket(tones, scenario):
    async def main():
        url = f"http://127.0.0.1:{tones.server.http_port}/"
        async with ClientSession() as session, session.ws_connect(url) as connection:
            await asyncio.wait_for(scenario(connection), 30)

    asyncio.run(main())


async def frames(connection, seconds):
    """Return the frames of state that come within so many seconds."""
    found, until = [], time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            message = await asyncio.wait_for(connection.receive(), left)
        except TimeoutError:
            break
        if message.type is WSMsgType.TEXT:
            found.append(json.loads(message.data))
    return found


def test_a_server_tells_its_whole_state_and_then_what_changes(tones):
    async def scenario(connection):
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": true}')
        first = (await frames(connection, 1.0))[0]
        assert {
            "server", "uptime", "transport", "engines", "clips", "counters", "meters", "jobs",
            "sounding", "stream",
        } <= first.keys()  # fmt: skip
        assert first["server"]["engine"] == "tones"
        assert first["server"]["osc"].endswith(str(tones.server.osc_port))
        tones.job("/msanii/generate", "watched", "seconds", 0.5, "clip", "watched", "steps", 40)
        later = await frames(connection, 1.5)
        states = [job["state"] for frame in later for job in frame.get("jobs", ())]
        assert "running" in states
        events = [event for frame in later for event in frame.get("events", ())]
        assert any(e[1] == "/msanii/job/done" and "watched" in e for e in events)
        newest = [frame["clips"]["newest"][0]["name"] for frame in later if "clips" in frame]
        assert newest[-1] == "watched"
        lines = [line for frame in later for line in frame.get("log", {}).get("lines", ())]
        assert any("watched" in line[2] and line[3] == "ok" for line in lines)
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": false}')
        await frames(connection, 0.5)
        assert await frames(connection, 1.5) == []

    over_socket(tones, scenario)


def test_a_flood_of_messages_is_told_at_most_ten_times_a_second(tones):
    async def scenario(connection):
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": true}')
        for _ in range(1_500):
            tones.client.send("/msanii/nothing", 1)
        found = await frames(connection, 3.0)
        assert 1 < len(found) <= 32
        assert all(len(frame.get("log", {}).get("lines", ())) <= FIRST_LINES for frame in found)
        assert all(len(frame.get("events", ())) <= LINES for frame in found)
        await connection.send_bytes(packets.message("/msanii/ping", "id", "still there"))
        while (message := await connection.receive()).type is not WSMsgType.BINARY:
            pass
        assert b"still there" in message.data
        tones.drain()

    over_socket(tones, scenario)


@pytest.mark.parametrize("told", ['{"COMMAND": "MONITOR", "DATA": [1]}', '{"COMMAND": "MONITOR"}'])
def test_an_odd_request_harms_nobody(tones, told):
    async def scenario(connection):
        await connection.send_str(told)
        await connection.send_bytes(packets.message("/msanii/ping", "id", "odd"))
        while (message := await connection.receive()).type is not WSMsgType.BINARY:
            pass
        assert b"odd" in message.data

    over_socket(tones, scenario)
