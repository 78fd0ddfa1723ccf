"""The handlers of the commands about LoRAs."""

from pathlib import Path

import pytest

from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.server.handlers.engines import EngineHandlers
from tests.server.fakes import run


class Sung(Tones):
    """An engine that keeps LoRAs in mind."""

    def __init__(self):
        super().__init__()
        self.used = {}

    def set_loras(self, loras):
        if any(name == "bad" for name in loras):
            raise CommandError(Code.EENGINE, "bad does not fit")
        self.used = dict(loras)

    def loras(self):
        return self.used


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(tmp_path))
    (tmp_path / "loras").mkdir()
    for name in ("dub", "bad", "garage"):
        (tmp_path / "loras" / f"{name}.safetensors").write_bytes(b"")
    return tmp_path / "loras"


async def answers(bench, *message):
    bench.wire.sent.clear()
    bench.send(*message, "id", "t")
    await bench.until(
        lambda: {"/msanii/done", "/msanii/fail"} & set(bench.wire.addresses()),
    )
    return [m.args for _, m in bench.wire.sent]


def test_loras_are_loaded_weighed_listed_and_freed(folder):
    registry = EngineRegistry("cpu", "tones")
    engine = Sung()
    registry._engines["tones"] = engine

    async def test(bench):
        await answers(bench, "/msanii/lora/load", "dub", 0.5)
        assert engine.used == {"dub": (Path(folder / "dub.safetensors"), 0.5)}
        await answers(bench, "/msanii/lora/load", "dub.safetensors", "weight", 0.75)
        await answers(bench, "/msanii/lora/load", "garage")
        rows = await answers(bench, "/msanii/lora/list")
        assert [row[1:] for row in rows[:-1]] == [
            ("dub", "tones", 0.75), ("garage", "tones", 1.0), ("bad", "tones", 0.0),
        ]  # fmt: skip
        assert (await answers(bench, "/msanii/lora/load", "bad"))[-1][3:] == (
            "EENGINE", "bad does not fit",
        )  # fmt: skip
        assert (await answers(bench, "/msanii/lora/load", "nosuch"))[-1][3] == "ENOCLIP"
        assert (await answers(bench, "/msanii/lora/free", "bad"))[-1][3] == "ENOCLIP"
        await answers(bench, "/msanii/lora/free", "dub")
        assert list(engine.used) == ["garage"]
        await answers(bench, "/msanii/lora/free", "all")
        assert engine.used == {}

    run(test, EngineHandlers(registry).table())


def test_an_engine_without_loras_says_so(folder):
    async def test(bench):
        for verb, values in (("load", ["dub", 1.0]), ("free", ["dub"]), ("list", [])):
            row = (await answers(bench, f"/msanii/lora/{verb}", *values))[-1]
            assert row[3] == "EENGINE"
            assert "takes no LoRAs" in row[4]

    run(test, EngineHandlers(EngineRegistry("cpu", "tones")).table())
