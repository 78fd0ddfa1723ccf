"""Public imports that moved still work for one version, with a warning that names the new place."""

import importlib
import sys

import pytest


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("msanii_live.models.msanii2023", "msanii_live.engines.msanii2023", "load"),
        ("msanii_live.models.msanii2023", "msanii_live.engines.msanii2023", "Msanii2023"),
        ("msanii_live.client.serving", "msanii_live.client.server_process", "running_server"),
    ],
)
def test_an_old_import_warns_and_works(old, new, name):
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=new.replace(".", r"\.")):
        module = importlib.import_module(old)
    assert getattr(module, name) is getattr(importlib.import_module(new), name)
