"""The models on this machine: one folder for each, with a record of where it came from."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from msanii_live.config_file import expand_path
from msanii_live.errors import ConfigError
from msanii_live.hub.catalogue import BY_NAME, find_model

MODELS_VARIABLE = "MSANII_LIVE_MODELS"
DEFAULT_FOLDER = "~/.local/share/msanii-live/models"
RECORD = "msanii-model.json"
INDEX = "model_index.json"
MAKERS_SETTINGS = "model_config.json"  # of Stability AI's own tools
MAX_RECORD_BYTES = 2**22
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class StoredModel:
    """The record of a model on this machine.

    folder: absolute, of its files. repository, revision: where it was fetched from, "" if it was
    added. licence: in words, "" if unknown. accepted: when the licence was accepted, Unix seconds.
    is_linked: the folder is the user's and is never deleted. sizes: bytes by file, as fetched.
    """

    name: str
    folder: str
    repository: str = ""
    revision: str = ""
    licence: str = ""
    accepted: float = 0.0
    is_linked: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The folder of its files."""
        return Path(self.folder)

    def missing_files(self) -> list[str]:
        """Return the files that are gone, or have another size than when they were fetched."""
        return [name for name, size in self.sizes.items() if _size(self.path / name) != size]

    def bytes_on_disk(self) -> int:
        """Return the size of its files."""
        return sum(_size(file) for file in self.path.rglob("*") if file.is_file())


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1


def models_folder() -> Path:
    """Return the folder of all models: that of MSANII_LIVE_MODELS, or the default."""
    named = os.environ.get(MODELS_VARIABLE) or DEFAULT_FOLDER
    return expand_path("the folder of models", named, MODELS_VARIABLE).absolute()


class ModelStore:
    """The models in one folder. It never reaches out."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder; None takes that of `models_folder`. It need not exist."""
        self.folder = folder or models_folder()

    def models(self) -> list[StoredModel]:
        """Return all complete models, by name. Records that cannot be read are passed over."""
        try:
            records = sorted(self.folder.glob(f"*/{RECORD}"))
        except OSError:
            return []
        found = (self._read(path) for path in records)
        return [model for model in found if model is not None]

    def get(self, word: str) -> StoredModel | None:
        """Return a model by its name or repository; None if it is not here."""
        for model in self.models():
            if word == model.name or (
                model.repository and word.lower() == model.repository.lower()
            ):
                return model
        return None

    def place(self, name: str) -> Path:
        """Return the folder in which a model of this name lies. Raises: ConfigError: bad name."""
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name of a model: use letters, digits and _ . -")
        return self.folder / name

    def write(self, model: StoredModel) -> None:
        """Write a model's record, which makes it complete. Raises: OSError."""
        place = self.place(model.name)
        place.mkdir(parents=True, exist_ok=True)
        temporary = place / (RECORD + ".part")
        temporary.write_text(json.dumps(asdict(model), indent=1) + "\n", "utf-8")
        temporary.replace(place / RECORD)

    def add(self, folder: Path, name: str = "") -> StoredModel:
        """Take a folder that was downloaded by other means into the list; its files stay there.

        Raises: ConfigError: it is no folder of a pipeline, or the name is taken. OSError.
        """
        path = expand_path("the folder", folder, "models add FOLDER").absolute()
        if not (path / INDEX).is_file():
            remedy = how_to_convert(path) or "download the whole repository"
            raise ConfigError(
                f"{path} is no folder of a diffusers pipeline: it has no {INDEX}; {remedy}"
            )
        name = name or path.name
        place = self.place(name)
        if (place / RECORD).exists() or (place.exists() and place != path):
            raise ConfigError(f"there is a model called {name}: give another with --name")
        known = find_model(name)
        model = StoredModel(
            name,
            str(path),
            licence=known.licence if known else read_licence(path),
            is_linked=True,
        )
        self.write(model)
        return model

    def remove(self, word: str) -> StoredModel:
        """Delete a model's files, or only its entry if its folder is the user's.

        Raises: ConfigError: there is none. OSError.
        """
        model = self.get(word)
        if model is None:
            raise ConfigError(f"no model called {word} is here: msanii-live models list")
        place = self.place(model.name)
        if model.is_linked:
            (place / RECORD).unlink()
            if not any(place.iterdir()):
                place.rmdir()
        else:
            shutil.rmtree(place)
        return model

    def _read(self, path: Path) -> StoredModel | None:
        try:
            if path.stat().st_size > MAX_RECORD_BYTES:
                return None
            raw = json.loads(path.read_text("utf-8"))
            known = {each.name for each in fields(StoredModel)}
            model = StoredModel(**{key: raw[key] for key in raw if key in known})
            own = model.is_linked or model.path == path.parent
            return model if own and model.name == path.parent.name else None
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return None


def how_to_convert(path: Path) -> str:
    """Return what to do with a folder in the form of a model's makers; "" if it is none."""
    if not (path / MAKERS_SETTINGS).is_file():
        return ""
    return (
        f"it is in its makers' form ({MAKERS_SETTINGS}): convert it once, as docs/engines.md says "
        "of Stable Audio 3"
    )


def read_licence(folder: Path) -> str:
    """Return the licence that a model's card names in its header; "" if it names none."""
    try:
        head = (folder / "README.md").read_text("utf-8")[:20_000]
    except (OSError, ValueError):
        return ""
    header = head.split("\n---", 1)[0] if head.startswith("---") else ""
    found = {
        str(key): str(value).strip().strip("'\"")
        for key, value in re.findall(r"^(license|license_name):[ \t]*(\S.*)$", header, re.MULTILINE)
    }
    named = found.get("license", "")
    return (found.get("license_name") or named) if named in ("", "other") else named


def stored_models() -> list[StoredModel]:
    """Return the complete models on this machine; none where it has no home folder."""
    try:
        return ModelStore().models()
    except ConfigError:
        return []


def find_model_folder(word: str, store: ModelStore | None = None) -> Path | None:
    """Return the folder of a model by name or repository; None for a word that can be neither.

    Raises: ConfigError: it is a name or a repository, and the model is not here or not whole.
    """
    store = store or ModelStore()
    model = store.get(word)
    if model is not None:
        if not model.path.is_dir():
            raise ConfigError(
                f"the model {model.name} lay in {model.path}, which is gone: bring it back, or say "
                f"msanii-live models remove {model.name}"
            )
        if missing := model.missing_files():
            raise ConfigError(
                f"the model {model.name} is not whole ({missing[0]} is missing or cut short): "
                f"msanii-live models fetch {model.name}"
            )
        return model.path
    if word in BY_NAME or REPOSITORY.fullmatch(word):
        raise ConfigError(
            f"the model {word} is not on this machine: msanii-live models fetch {word}"
        )
    return None
