"""The handlers of the commands about engines."""

from msanii_live.engines.registry import EngineRegistry
from msanii_live.server.handlers.engines import EngineHandlers
from tests.server.fakes import run


def handlers():
    return EngineHandlers(EngineRegistry("cpu", "tones")).table()


def test_engines_are_listed_without_importing_them():
    import sys

    before = "torch" in sys.modules

    async def test(bench):
        bench.send("/msanii/engine/list", "id", "l")
        rows = {m.args[1]: m.args for _, m in bench.wire.sent if m.address.endswith("entry")}
        assert rows["tones"][2] == "free"
        assert "generate" in rows["tones"][3].split()
        assert {"mel-flow", "note-diffusion"} <= set(rows)
        assert bench.wire.addresses()[-1] == "/msanii/done"

    run(test, handlers())
    assert ("torch" in sys.modules) is before


def test_an_engine_is_described_loaded_and_freed():
    async def test(bench):
        async def facts():
            bench.wire.sent.clear()
            bench.send("/msanii/engine/info", "tones", "id", "i")
            await bench.until(lambda: "/msanii/done" in bench.wire.addresses())
            return {m.args[2]: m.args[3] for _, m in bench.wire.sent if len(m.args) == 4}

        assert (await facts())["sample-rate"] == "44100"
        for verb, state in (("load", "loaded"), ("free", "free")):
            bench.wire.sent.clear()
            bench.send(f"/msanii/engine/{verb}", "tones", "id", verb)
            await bench.until(lambda: bench.wire.sent)
            assert bench.wire.addresses() == ["/msanii/done"]
            told = (await facts())["state"]
            assert told == state or verb == "free"  # tones keeps nothing that could be freed

    run(test, handlers())


def test_an_unknown_engine_is_refused_with_the_names_there_are():
    async def test(bench):
        for n, verb in enumerate(("info", "load", "free")):
            bench.send(f"/msanii/engine/{verb}", "nowhere")
            await bench.until(lambda n=n: len(bench.wire.failures()) == n + 1)
            assert bench.wire.failures()[n][3] == "EENGINE"
            assert "tones" in bench.wire.failures()[n][4]

    run(test, handlers())
