"""Check state updates: only what has changed, at most ten times a second, and bounded."""

import asyncio
import json
import time

import pytest
from aiohttp import ClientSession, WSMsgType

from msanii_live.web.feed import INITIAL_LINES, MAX_LINES, UPDATE_INTERVAL, Feed
from tests.osc import packets


class Source:
    """A state that a test changes."""

    def __init__(self):
        self.level = 0
        self.name = "idle"
        self.lines = []
        self.new_events = []

    def fast_sections(self):
        return {"meters": self.level}

    def slow_sections(self):
        return {"server": self.name}

    def log_lines(self, since, limit):
        lines = self.lines[since:][-limit:]
        return {"written": len(self.lines), "lines": lines}

    def events(self, since, limit):
        return self.new_events[since:][-limit:]

    @property
    def log_count(self):
        return len(self.lines)

    @property
    def event_count(self):
        return len(self.new_events)


def run(scenario):
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
    raise AssertionError("timed out")


def test_only_what_has_changed_is_sent():
    async def scenario(source, feed):
        received = []
        feed.subscribe(lambda text: received.append(json.loads(text)) or True)
        await until(lambda: received)
        assert received == [{"meters": 0, "server": "idle"}]
        await asyncio.sleep(4 * UPDATE_INTERVAL)
        assert len(received) == 1
        source.level = 3
        source.new_events.append("done")
        await until(lambda: len(received) == 2)
        assert received[1] == {"meters": 3, "events": ["done"]}

    run(scenario)


def test_what_one_page_tells_comes_to_those_that_are_there_and_that_come():
    async def scenario(source, feed):
        here, later = [], []
        feed.subscribe(lambda text: here.append(json.loads(text)) or True)
        await until(lambda: here)
        feed.share("made", "loop")
        await until(lambda: len(here) == 2)
        assert here[1] == {"made": "loop"}
        feed.subscribe(lambda text: later.append(json.loads(text)) or True)
        await until(lambda: later)
        assert later[0]["made"] == "loop"

    run(scenario)


def test_a_page_that_was_behind_gets_the_newest_state():
    async def scenario(source, feed):
        received, reads = [], False

        def send(text):
            if reads:
                received.append(json.loads(text))
            return reads

        feed.subscribe(send)
        for source.level in range(4):
            await asyncio.sleep(UPDATE_INTERVAL)
        reads = True
        await until(lambda: received)
        assert received[0] == {"meters": 3, "server": "idle"}

    run(scenario)


def test_a_flood_of_log_lines_is_sent_in_part():
    async def scenario(source, feed):
        source.lines = list(range(1_000))
        received = []
        feed.subscribe(lambda text: received.append(json.loads(text)) or True)
        await until(lambda: received)
        assert received[0]["log"]["lines"] == list(range(1_000 - INITIAL_LINES, 1_000))
        source.lines += list(range(1_000, 2_000))
        await until(lambda: len(received) == 2)
        assert received[1]["log"] == {
            "written": 2_000,
            "lines": list(range(2_000 - MAX_LINES, 2_000)),
        }

    run(scenario)


def test_nothing_is_read_while_nobody_subscribes():
    async def scenario(source, feed):
        received = []
        unsubscribe = feed.subscribe(lambda text: received.append(text) or True)
        await until(lambda: received)
        unsubscribe()
        await asyncio.sleep(2 * UPDATE_INTERVAL)
        readings = []
        source.fast_sections = lambda: readings.append(1) or {}
        await asyncio.sleep(3 * UPDATE_INTERVAL)
        assert readings == []

    run(scenario)


def test_updates_go_on_after_a_failure():
    async def scenario(source, feed):
        received = []
        good = source.fast_sections
        source.fast_sections = lambda: 1 / 0
        feed.subscribe(lambda text: received.append(text) or True)
        await asyncio.sleep(2 * UPDATE_INTERVAL)
        source.fast_sections = good
        await until(lambda: received)

    run(scenario)


# -- the same from a real server -------------------------------------------------------------------


def over_socket(tones, scenario):
    async def main():
        url = f"http://127.0.0.1:{tones.server.http_port}/"
        async with ClientSession() as session, session.ws_connect(url) as connection:
            await asyncio.wait_for(scenario(connection), 30)

    asyncio.run(main())


async def frames_until(connection, condition):
    """Return the frames of state up to the one after which they meet a condition."""
    found = []
    while not condition(found):
        message = await connection.receive()
        if message.type is WSMsgType.TEXT:
            found.append(json.loads(message.data))
    return found


async def pong(connection, token):
    """Wait until what was sent before has been handled: one socket's messages are in order."""
    await connection.send_bytes(packets.message("/msanii/ping", "id", token))
    while (message := await connection.receive()).type is not WSMsgType.BINARY:
        pass
    assert token.encode() in message.data


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


def test_a_server_sends_its_whole_state_and_then_what_changes(tones):
    async def scenario(connection):
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": true}')
        first = (await frames_until(connection, len))[0]
        assert {
            "server", "uptime", "transport", "engines", "clips", "counters", "meters", "jobs",
            "sounding", "stream",
        } <= first.keys()  # fmt: skip
        assert first["server"]["engine"] == "tones"
        assert first["server"]["osc"].endswith(str(tones.server.osc_port))
        tones.job("/msanii/generate", "watched", "seconds", 0.5, "clip", "watched", "steps", 40)

        def has_all(later):
            states = [job["state"] for frame in later for job in frame.get("jobs", ())]
            events = [event for frame in later for event in frame.get("events", ())]
            newest = [f["clips"]["newest"][0]["name"] for f in later if "clips" in f]
            lines = [line for frame in later for line in frame.get("log", {}).get("lines", ())]
            return (
                "running" in states
                and any(e[1] == "/msanii/job/done" and "watched" in e for e in events)
                and newest[-1:] == ["watched"]
                and any("watched" in line[2] and line[3] == "ok" for line in lines)
            )

        assert has_all(await frames_until(connection, has_all))
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": false}')
        await pong(connection, "quiet")
        assert await frames(connection, 1.5) == []

    over_socket(tones, scenario)


def test_a_flood_of_messages_is_sent_at_most_ten_times_a_second(tones):
    async def scenario(connection):
        await connection.send_str('{"COMMAND": "MONITOR", "DATA": true}')
        for _ in range(1_500):
            tones.client.send("/msanii/nothing", 1)
        found = await frames(connection, 3.0)
        assert 1 < len(found) <= 32
        assert all(len(frame.get("log", {}).get("lines", ())) <= INITIAL_LINES for frame in found)
        assert all(len(frame.get("events", ())) <= MAX_LINES for frame in found)
        await pong(connection, "still there")
        tones.drain()

    over_socket(tones, scenario)


@pytest.mark.parametrize(
    "received", ['{"COMMAND": "MONITOR", "DATA": [1]}', '{"COMMAND": "MONITOR"}']
)
def test_an_invalid_request_is_ignored(tones, received):
    async def scenario(connection):
        await connection.send_str(received)
        await pong(connection, "odd")

    over_socket(tones, scenario)
