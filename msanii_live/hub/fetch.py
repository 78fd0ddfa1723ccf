"""Fetch a published model. No other module reaches a hub."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from msanii_live.errors import ConfigError
from msanii_live.hub.catalogue import PublishedModel, find_model
from msanii_live.hub.store import INDEX, REPOSITORY, ModelStore, StoredModel

SPARE_BYTES = 2**27  # that stay free on the disk
_TEXTS = (".json", ".txt", ".model", ".md", ".jinja")
_WEIGHTS = ".safetensors"
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_TOP_LEVEL = ("license", "licence", "readme", "notice", "model_index")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository.

    size: bytes. sha256: of its content; "" where the hub gives only `blob`, Git's hash.
    """

    name: str
    size: int
    sha256: str = ""
    blob: str = ""


@dataclass(frozen=True)
class Offer:
    """A model as the hub offers it, before anything is fetched."""

    name: str
    repository: str
    revision: str
    licence: str
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(file.size for file in self.files)


def look_up(word: str) -> Offer:
    """Ask the hub for a model. word: a known name, or OWNER/NAME of a repository.

    The hub is huggingface.co, or the one that HF_ENDPOINT names.
    Raises: ConfigError: it is unknown, missing, gated or no pipeline, or the hub is out of reach.
    """
    known = find_model(word)
    repository = known.repository if known else word
    if not REPOSITORY.fullmatch(repository):
        raise ConfigError(
            f"no model is called {word}: msanii-live models list shows the known ones; any other "
            "is OWNER/NAME, as the hub names it"
        )
    from huggingface_hub import HfApi

    try:
        info = HfApi(endpoint=_endpoint()).model_info(repository, files_metadata=True)
    except Exception as error:
        raise _in_words(error, repository) from None
    files = tuple(
        RemoteFile(
            each.rfilename,
            each.size or 0,
            each.lfs.sha256 if each.lfs else "",
            each.blob_id or "",
        )
        for each in info.siblings or []
    )
    return Offer(
        known.name if known else repository.partition("/")[2],
        repository,
        info.sha or "main",
        known.licence if known else _licence_of(info),
        _wanted(files, repository, known),
    )


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _licence_of(info: Any) -> str:
    card = info.card_data.to_dict() if info.card_data else {}
    tags = [tag.partition(":")[2] for tag in info.tags or [] if tag.startswith("license:")]
    return str(card.get("license_name") or card.get("license") or (tags or [""])[0])


def _wanted(
    files: tuple[RemoteFile, ...], repository: str, known: PublishedModel | None
) -> tuple[RemoteFile, ...]:
    """Return the files that a pipeline needs: settings, texts and safetensors, no pickles or code.

    Raises: ConfigError: the repository is no pipeline, or has weights as pickles only.
    """
    names = {file.name for file in files}
    if INDEX not in names:
        raise ConfigError(
            f"{repository} is not in diffusers' format: it has no {INDEX}"
            + (f" ({known.note})" if known and known.note else "")
        )
    safe = [file for file in files if _is_safe(file.name)]
    folders = {PurePosixPath(file.name).parent for file in files if file.name.endswith(_PICKLES)}
    with_weights = {PurePosixPath(file.name).parent for file in safe if _is_weights(file.name)}
    if pickled := sorted(str(folder) for folder in folders - with_weights if str(folder) != "."):
        raise ConfigError(
            f"{repository} has the weights of {', '.join(pickled)} only as pickles, which can run "
            "code: ask its makers for safetensors, or convert it yourself and use models add"
        )
    plain = {
        file.name for file in safe if _is_weights(file.name) and len(Path(file.name).suffixes) == 1
    }
    # `model.fp16.safetensors` beside `model.safetensors` is the same network again.
    return tuple(
        file
        for file in safe
        if not (_is_variant(file.name) and _without_variant(file.name) in plain)
    )


def _is_weights(name: str) -> bool:
    return name.endswith(_WEIGHTS)


def _is_variant(name: str) -> bool:
    return _is_weights(name) and len(Path(name).suffixes) == 2


def _without_variant(name: str) -> str:
    return name.removesuffix("".join(Path(name).suffixes)) + _WEIGHTS


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or len(path.parts) > 2:
        return False
    if len(path.parts) == 1:
        return path.stem.lower().startswith(_TOP_LEVEL) and path.suffix in ("", *_TEXTS)
    return path.suffix in _TEXTS or _is_weights(name)


def fetch(offer: Offer, store: ModelStore, report: Callable[[str], None]) -> StoredModel:
    """Fetch the files of an offer whose licence was accepted, going on where it stopped before.

    report: takes a line for each file. Raises: ConfigError: the disk is full, the hub is out of
    reach, the connection is cut, or a file is not what the hub says.
    """
    place = store.place(offer.name)
    try:
        place.mkdir(parents=True, exist_ok=True)
        missing = [file for file in offer.files if not _is_whole(place / file.name, file)]
        _check_space(place, sum(file.size - _partial(place, file) for file in missing))
        for file in offer.files:
            if file in missing:
                _fetch_file(offer, file, place)
            checked = "SHA-256 checked" if file.sha256 else "Git hash checked"
            report(f"{file.name}: {file.size / 1e6:,.1f} MB, {checked}")
        model = StoredModel(
            offer.name,
            str(place),
            offer.repository,
            offer.revision,
            offer.licence,
            accepted=round(time.time(), 3),
            sizes={file.name: file.size for file in offer.files},
        )
        json.loads((place / INDEX).read_text("utf-8"))
        store.write(model)
    except OSError as error:
        raise _in_words(error, offer.repository) from None
    except ValueError as error:
        raise ConfigError(f"{place / INDEX} is no JSON: {error}") from None
    return model


def _check_space(place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if needed + SPARE_BYTES > free:
        raise ConfigError(
            f"the disk is too full: {needed / 1e9:.2f} GB are to be fetched and "
            f"{free / 1e9:.2f} GB are free in {place}; make room, or set MSANII_LIVE_MODELS to "
            "another folder"
        )


def _part(place: Path, file: RemoteFile) -> Path:
    return place / (file.name + ".part")


def _partial(place: Path, file: RemoteFile) -> int:
    part = _part(place, file)
    return min(part.stat().st_size, file.size) if part.exists() else 0


def _fetch_file(offer: Offer, file: RemoteFile, place: Path) -> None:
    """Fetch one file to NAME.part, going on after what is there, and rename it once it is right."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    part = _part(place, file)
    part.parent.mkdir(parents=True, exist_ok=True)
    url = hf_hub_url(offer.repository, file.name, revision=offer.revision, endpoint=_endpoint())
    try:
        with part.open("ab") as stream:
            stream.seek(0, os.SEEK_END)
            if stream.tell() > file.size:
                stream.truncate(0)
                stream.seek(0)
            headers = build_hf_headers(library_name="msanii-live")
            http_get(
                url, stream, resume_size=stream.tell(), headers=headers,
                expected_size=file.size, displayed_filename=file.name,
            )  # fmt: skip
    except Exception as error:
        raise _in_words(error, offer.repository) from None
    if not _is_whole(part, file):
        part.unlink()
        raise ConfigError(
            f"{file.name} of {offer.repository} is not what the hub says (its hash differs), so it "
            "was deleted: fetch it again; if that does not help, do not use it"
        )
    part.replace(place / file.name)


def _is_whole(path: Path, file: RemoteFile) -> bool:
    """Return whether a file has the size and the hash that the hub gives."""
    try:
        if path.stat().st_size != file.size:
            return False
    except OSError:
        return False
    if file.sha256:
        return _hash(path, hashlib.sha256()) == file.sha256
    if len(file.blob) == 40:  # Git's hash of a small file
        return _hash(path, hashlib.sha1(b"blob %d\0" % file.size)) == file.blob
    return True


def _hash(path: Path, digest: Any) -> str:
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return str(digest.hexdigest())


def _in_words(error: Exception, repository: str) -> ConfigError:
    """Return any failure of a fetch as a sentence with a remedy."""
    name = type(error).__name__
    again = f"msanii-live models fetch {repository} goes on where it stopped"
    if isinstance(error, ConfigError):
        return error
    if name == "GatedRepoError":
        return ConfigError(
            f"{repository} is gated: agree to its terms at https://huggingface.co/{repository}, "
            "then log in once with `hf auth login`"
        )
    if name == "RepositoryNotFoundError":
        return ConfigError(
            f"the hub has no {repository}, or it is private: look at its spelling, or log in with "
            "`hf auth login`"
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return ConfigError(f"the disk is full: make room; {again}")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return ConfigError(f"the hub answered {status} for {repository}: try later; {again}")
    if name == "OfflineModeIsEnabled":
        return ConfigError("HF_HUB_OFFLINE is set, so nothing is fetched: unset it")
    return ConfigError(
        f"the hub cannot be reached or the connection was cut ({name}): see whether this machine "
        f"is online; {again}"
    )
