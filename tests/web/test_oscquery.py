"""Check OSCQuery of a real server: over HTTP, WebSocket and Zeroconf."""

import asyncio
import json
import threading
import urllib.error
import urllib.request

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
from zeroconf import ServiceBrowser, Zeroconf

from msanii_live.osc.codec import decode_packet
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.schema import arguments
from msanii_live.web.oscquery import node_at
from tests.live import live
from tests.osc import packets


def url(tones, path):
    return f"http://127.0.0.1:{tones.server.http_port}{path}"


def get(tones, path, **headers):
    request = urllib.request.Request(url(tones, path), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, json.loads(answer.read() or "null")


def leaves(node):
    if "TYPE" in node:
        yield node
    for child in node.get("CONTENTS", {}).values():
        yield from leaves(child)


def test_the_tree_has_every_address(tones):
    status, root = get(tones, "/")
    assert status == 200
    assert root["FULL_PATH"] == "/"
    found = {node["FULL_PATH"]: node for node in leaves(root)}
    assert found.keys() == {c.address for c in COMMANDS} | {r.address for r in REPLIES}
    for node in found.values():
        assert node["DESCRIPTION"]
        assert node["ACCESS"] in (1, 2, 3)
        for form in [node, *node.get("OVERLOADS", ())]:
            assert set(form["TYPE"]) <= set("ifs")
            for name in ("RANGE", "UNIT", "VALUE"):
                assert len(form.get(name, form["TYPE"])) == len(form["TYPE"]), form


@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_is_a_form_with_its_range(command):
    node = node_at(command.address, lambda address: None)
    forms = {form["RANGE"][-2]["VALS"][0]: form for form in node.get("OVERLOADS", ())}
    keys = [argument for argument in arguments(command) if not argument.positional]
    assert list(forms) == [key.name for key in keys]
    for key in keys:
        limit = forms[key.name]["RANGE"][-1] or {}
        assert limit.get("MIN") == key.low
        assert limit.get("MAX") == key.high
        assert forms[key.name]["TYPE"].endswith(f"s{key.kind}")


def test_one_node_and_one_attribute(tones):
    _, node = get(tones, "/msanii/outpaint")
    assert node["TYPE"] == "s"
    assert node["ACCESS"] == 2
    seconds = next(f for f in node["OVERLOADS"] if f["RANGE"][1] == {"VALS": ["seconds"]})
    assert seconds["TYPE"] == "ssf"
    assert seconds["RANGE"][2] == {"MIN": 0.5, "MAX": 190.0}
    assert seconds["UNIT"][2] == "time.second"
    assert get(tones, "/msanii/outpaint?TYPE") == (200, {"TYPE": "s"})
    assert get(tones, "/msanii/outpaint?VALUE")[0] == 204
    _, value = get(tones, "/msanii/status?VALUE")
    assert [type(each) for each in value["VALUE"]] == [str, int, int, int, float, float, int]
    _, value = get(tones, "/msanii/transport?VALUE")
    assert len(value["VALUE"]) == 3


def test_host_info_has_the_port(tones):
    _, info = get(tones, "/?HOST_INFO")
    assert info["OSC_PORT"] == tones.server.osc_port
    assert info["OSC_TRANSPORT"] == "UDP"
    assert info["OSC_IP"] == "127.0.0.1"
    assert info["EXTENSIONS"]["LISTEN"] is True


@pytest.mark.parametrize(("path", "code"), [("/msanii/nope", 404), ("/msanii/ping?NOPE", 400)])
def test_what_is_not_there_is_an_error(tones, path, code):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(tones, path)
    assert caught.value.code == code
    assert "error" in json.load(caught.value)


def test_a_browser_gets_the_page(tones):
    request = urllib.request.Request(url(tones, "/"), headers={"Accept": "text/html,*/*"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "html" in answer.headers["Content-Type"]


def over_web_socket(tones, scenario, **options):
    async def main():
        async with (
            ClientSession() as session,
            session.ws_connect(url(tones, "/"), **options) as connection,
        ):
            await asyncio.wait_for(scenario(connection), 20)

    asyncio.run(main())


async def receive_from(connection, address):
    async for message in connection:
        assert message.type is WSMsgType.BINARY
        (found,) = decode_packet(message.data)
        if found.address == address:
            return found.args
    raise AssertionError("the connection was closed")


def test_osc_over_web_socket_is_answered_there(tones):
    async def scenario(connection):
        await connection.send_bytes(packets.message("/msanii/ping", "id", "ws"))
        assert await receive_from(connection, "/msanii/pong") == ("ws",)
        await connection.send_bytes(
            packets.message("/msanii/generate", "seconds", 0.5, "id", "web")
        )
        assert (await receive_from(connection, "/msanii/job/done"))[0] == "web"
        await connection.send_bytes(b"not OSC")
        await connection.send_str("not JSON")
        await connection.send_str('{"COMMAND": "LISTEN", "DATA": ["/"]}')
        await connection.send_bytes(packets.message("/msanii/ping", "id", "still"))
        assert await receive_from(connection, "/msanii/pong") == ("still",)

    over_web_socket(tones, scenario)


def test_listening_to_replies_and_values(tones):
    async def send_command(connection, command, path):
        await connection.send_str(json.dumps({"COMMAND": command, "DATA": path}))

    async def scenario(connection):
        await send_command(connection, "LISTEN", "/msanii/job/done")
        await send_command(connection, "LISTEN", "/msanii/transport")
        first = await receive_from(connection, "/msanii/transport")
        tones.job("/msanii/generate", "listened", "seconds", 0.5)
        assert (await receive_from(connection, "/msanii/job/done"))[0] == "listened"
        tones.client.send("/msanii/transport", "bpm", 133)
        while (await receive_from(connection, "/msanii/transport"))[0] != 133.0:
            pass
        await send_command(connection, "IGNORE", "/msanii/job/done")
        await send_command(connection, "IGNORE", "/msanii/transport")
        tones.client.send("/msanii/transport", "bpm", first[0])
        # What comes from one socket is handled in order: after its pong, nothing is listened to.
        await connection.send_bytes(packets.message("/msanii/ping", "id", "ignored"))
        while "ignored" not in decode_packet((await connection.receive()).data)[0].args:
            pass
        tones.job("/msanii/generate", "not listened", "seconds", 0.5)
        await connection.send_bytes(packets.message("/msanii/ping", "id", "end"))
        while True:
            (message,) = decode_packet((await connection.receive()).data)
            assert "not listened" not in message.args
            if message.args == ("end",):
                break

    over_web_socket(tones, scenario)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3000", "null"])
def test_a_page_of_another_site_cannot_open_a_websocket(tones, origin):
    async def scenario(connection):
        raise AssertionError("it was opened")

    with pytest.raises(WSServerHandshakeError) as caught:
        over_web_socket(tones, scenario, headers={"Origin": origin})
    assert caught.value.status == 403


class Found:
    def __init__(self):
        self.names = []
        self.event = threading.Event()

    def add_service(self, zeroconf, kind, name):
        self.names.append(zeroconf.get_service_info(kind, name))
        self.event.set()

    def update_service(self, *_):
        pass

    def remove_service(self, *_):
        pass


def test_zeroconf_announces_the_server(tmp_path):
    with live(tmp_path, "--engine", "tones", "--announce", "on") as it:
        zeroconf = Zeroconf(interfaces=["127.0.0.1"])
        try:
            found = Found()
            ServiceBrowser(zeroconf, "_oscjson._tcp.local.", found)
            if "not announced" in (tmp_path / "log.txt").read_text():
                pytest.skip("this machine has no multicast")
            assert found.event.wait(15)
            assert it.server.http_port in [info.port for info in found.names]
        finally:
            zeroconf.close()
