"""Check the reply table, and that a reply always has the tags of its address."""

import pytest

from msanii_live.osc.codec import decode_packet, encode
from msanii_live.protocol.commands import PARAMS
from msanii_live.protocol.replies import (
    FAIL,
    JOB_PROGRESS,
    PARAM_REPLIES,
    REPLIES,
    REPLY_BY_ADDRESS,
    ReplyMessage,
    ReplyType,
    is_listed,
)

VALUES = {"i": 3, "f": 0.5, "s": "x"}


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.address)
def test_a_reply_has_one_name_and_one_value_for_each_tag(reply: ReplyType) -> None:
    assert len(reply.tags) == len(reply.fields)
    assert set(reply.tags) <= set("ifs")
    message = reply(*(VALUES[tag] for tag in reply.tags))
    assert (message.address, message.tags) == (reply.address, reply.tags)
    (decoded,) = decode_packet(encode(message.address, message.tags, message.args))
    assert decoded.args == message.args


def test_addresses_are_unique() -> None:
    assert len(REPLY_BY_ADDRESS) == len(REPLIES)


def test_values_are_converted_to_the_type_of_their_tag() -> None:
    message = JOB_PROGRESS("7", 1.0, True, 16, 1)
    assert message == ReplyMessage("/msanii/job/progress", "siiif", ("7", 1, 1, 16, 1.0))
    assert [type(value) for value in message.args] == [str, int, int, int, float]


@pytest.mark.parametrize("values", [(), ("a", "b", 1, "c"), ("a", "b", 1, "c", "d", "e")])
def test_a_wrong_number_of_values_is_an_error(values: tuple[str | int, ...]) -> None:
    with pytest.raises(TypeError, match=f"takes 5 values, not {len(values)}"):
        FAIL(*values)


def test_every_param_has_a_reply_at_its_own_address() -> None:
    assert {param.address for param in PARAMS} == {r.address for r in PARAM_REPLIES.values()}
    assert [PARAM_REPLIES[param].tags for param in PARAMS] == list("fsfiifssssffssf")


def test_lists_are_the_replies_that_end_with_done() -> None:
    listed = {reply.address for reply in REPLIES if is_listed(reply.address)}
    assert listed == {
        "/msanii/caps",
        "/msanii/worker/entry",
        "/msanii/clip/entry",
        "/msanii/clip/parent",
        "/msanii/scene/entry",
        "/msanii/automation/entry",
        "/msanii/undo/entry",
        "/msanii/map/entry",
        "/msanii/lora/entry",
        "/msanii/job/entry",
        "/msanii/engine/entry",
        "/msanii/engine/info",
    }
    assert not is_listed("/msanii/nothing")
