"""Engines of other packages: found without an import, checked, and never in the server's way."""

import logging
import subprocess
import sys
import threading

import pytest

from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import CommandError, ConfigError
from msanii_live.protocol.commands import Generate
from tests.engines.installed import ENGINE, IMPORT_BEGUN, IMPORT_MAY_END, SLOW, install


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return a folder of packages that Python finds."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


def engines(*lines, group="msanii_live.engines"):
    return f"[{group}]\n" + "\n".join(lines) + "\n"


def install_strings(site, module=ENGINE):
    install(site, "acme-strings", {"acme.py": module}, engines("strings=acme:create"))


OWN = ["tones", "mel-flow", "mel2mel", "note-diffusion", "composer", "texture", "rack"]


def failure(registry, name):
    with pytest.raises(CommandError) as caught:
        registry.get(name)
    assert caught.value.code == "EENGINE"
    return caught.value.text


def test_an_installed_engine_is_listed_without_an_import_and_made_when_asked_for(site):
    install_strings(site)
    registry = EngineRegistry("cpu", "tones")
    assert registry.names() == [*OWN, "strings"]
    assert (registry.state("strings"), registry.verbs("strings")) == ("free", ())
    assert "acme" not in sys.modules
    engine = registry.get("strings")
    assert engine.name == "strings"
    assert engine is registry.get("strings")
    assert registry.state("strings") == "loaded"
    assert Generate.address in registry.verbs("strings")
    assert registry.serving("strings", Generate.address) is engine


def test_listing_imports_no_torch(site):
    install_strings(site)
    program = (
        "import sys; from msanii_live.engines.registry import EngineRegistry;"
        "r = EngineRegistry('cpu', 'mel-flow'); r.check_default();"
        "print(r.names(), [r.verbs(n) for n in r.names()], [r.state(n) for n in r.names()]);"
        "assert not {'torch', 'acme'} & set(sys.modules)"
    )
    env = {"PYTHONPATH": ":".join([str(site), *sys.path])}
    subprocess.run([sys.executable, "-c", program], check=True, env=env)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("import acme_is_not_installed", "ModuleNotFoundError: No module named 'acme_is_not_in"),
        ("raise SystemExit('no licence')", "SystemExit: no licence"),
        ("x = (", "SyntaxError"),
        ("other = 1", "AttributeError"),
        ("def create(settings): return None", "plugin_api None, and this server has 1"),
        (ENGINE.replace("plugin_api=1", "plugin_api=2"), "plugin_api 2, and this server has 1"),
        (
            ENGINE.replace("return Named", "raise OSError('no card'); Named"),
            "OSError: no card",
        ),
        (ENGINE.replace("return Named", "Named"), "lacks load, warm"),
        (ENGINE.replace("Named(settings.name,", "Named('x',"), "made 'x' where"),
        (ENGINE.replace("return Named", "return [] and Named"), "made none"),
        (
            ENGINE.replace("(Tones)", "(Tones)").replace(
                "self.name,", "self.capabilities = None; self.name,"
            ),
            "lacks capabilities",
        ),
    ],
)
def test_a_broken_one_is_a_reason_when_asked_for_and_one_log_line(site, caplog, module, reason):
    install_strings(site, module)
    with caplog.at_level(logging.INFO):
        registry = EngineRegistry("cpu", "tones")
        registry.check_default()
        assert not caplog.records
        text = failure(registry, "strings")
        assert text.startswith("the engine strings of acme-strings cannot be used: ")
        assert reason in text
        assert failure(registry, "strings") == text  # and is not tried again
    assert len(caplog.records) == 1
    assert registry.get().name == "tones"
    assert "strings" in registry.names()


def test_a_broken_default_is_refused_before_anything_is_started(site):
    install_strings(site, "1 / 0")
    registry = EngineRegistry("cpu", "strings")
    with pytest.raises(ConfigError, match=r"acme-strings cannot be used: .*ZeroDivisionError"):
        registry.check_default()


@pytest.mark.parametrize("name", ["mel-flow", "tones", "spectrogram", "msanii2023"])
def test_a_name_of_the_server_is_not_taken_over(site, caplog, name):
    install(site, "acme-strings", {"acme.py": "1 / 0"}, engines(f"{name}=acme:create"))
    registry = EngineRegistry("cpu", "tones")
    assert registry.names() == OWN
    assert [r.getMessage() for r in caplog.records] == [
        f"the engine {name!r} of acme-strings is left out: the name belongs to this server"
    ]
    assert registry.get("tones").name == "tones"


def test_of_two_with_one_name_the_first_is_kept(site, tmp_path, monkeypatch, caplog):
    install_strings(site)
    later = tmp_path / "later"
    install(later, "other-strings", {"acme2.py": "1 / 0"}, engines("strings=acme2:create"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    registry = EngineRegistry("cpu", "tones")
    assert registry.get("strings").name == "strings"
    assert "of other-strings is left out: acme-strings has it too" in caplog.text
    assert len(caplog.records) == 1


def test_names_that_osc_clients_could_not_write_are_left_out(site, caplog):
    entries = engines("two words=acme:create", "fine=acme:create", f"{'x' * 65}=acme:create")
    install(site, "acme-strings", {"acme.py": ENGINE}, entries)
    registry = EngineRegistry("cpu", "tones")
    assert registry.names() == [*OWN, "fine"]
    assert len(caplog.records) == 2


def test_a_malformed_list_of_entry_points_hides_no_other(site, caplog):
    install(site, "acme-broken", {}, "[msanii_live.engines]\nno equals sign\n")
    install_strings(site)
    assert "strings" in EngineRegistry("cpu", "tones").names()
    assert len(caplog.records) <= 1


def test_one_that_is_slow_to_import_delays_nothing_else(site):
    install_strings(site, SLOW + ENGINE)
    registry = EngineRegistry("cpu", "tones")
    made = []
    thread = threading.Thread(target=lambda: made.append(registry.get("strings")))
    thread.start()
    assert IMPORT_BEGUN.wait(10)
    assert registry.get("tones").name == "tones"
    assert registry.state("strings") == "free"
    assert registry.memory_mb() == 0.0
    assert not made
    IMPORT_MAY_END.set()
    thread.join(10)
    assert made[0] is registry.get("strings")


def test_one_that_fails_to_tell_its_state_does_not_end_a_status_request(site, caplog):
    module = ENGINE + (
        "\n    \ndef broken(self): raise RuntimeError('lost the card')\nNamed.memory_mb = broken\n"
    )
    install_strings(site, module)
    registry = EngineRegistry("cpu", "strings")
    registry.get()
    assert registry.memory_mb() == 0.0
    assert "lost the card" in caplog.text


def test_weights_of_its_format_are_served_by_it(site, tmp_path):
    points = engines("acme strings 1=acme:create", group="msanii_live.formats")
    install(site, "acme-strings", {"acme.py": ENGINE}, points)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "engine.json").write_text('{"format": "acme strings 1", "decay": 0.9}')
    registry = EngineRegistry("cpu", str(mine))
    assert registry.names()[0] == "mine"
    assert (registry.get().name, registry.get().weights) == ("mine", mine)


def test_weights_of_a_broken_one_are_refused_with_the_reason(site, tmp_path):
    points = engines("acme strings 1=acme:create", group="msanii_live.formats")
    install(site, "acme-strings", {"acme.py": "1 / 0"}, points)
    file = tmp_path / "mine.json"
    file.write_text('{"format": "acme strings 1"}')
    with pytest.raises(ConfigError, match=r"acme-strings, which cannot be used: .*ZeroDivision"):
        EngineRegistry("cpu", str(file))
