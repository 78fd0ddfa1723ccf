"""A pipeline's folder, checked before any of it is read: whole, of a known family, without code."""

from __future__ import annotations

import importlib.util
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from msanii_live.engines.base import OffloadMode
from msanii_live.engines.builtin import PIPELINE_CLASSES
from msanii_live.engines.pipelines.family import Family
from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.hub.catalogue import find_model
from msanii_live.hub.store import read_licence, stored_models

INDEX = "model_index.json"
NEEDED = ("transformers",)  # beside diffusers
MAX_LICENCE = 200  # characters, which every sidecar holds
INSTALL = "pip install 'msanii-live[pipelines]'"
_WEIGHTS = ".safetensors"
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_PARTIAL = (".part", ".incomplete", ".tmp", ".crdownload")
_CODE = (".py", ".so", ".dll", ".dylib", ".pyd")
_WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "tokenizer_2", "feature_extractor")


@dataclass(frozen=True)
class PipelineFolder:
    """A folder that was found fit to be loaded.

    pipeline: the class in diffusers. licence: of its weights, in words. trusts_code: run its code.
    """

    path: Path
    pipeline: str
    licence: str
    trusts_code: bool = False


def check_folder(path: Path, trusts_code: bool = False) -> PipelineFolder:
    """Check a folder without loading anything of it.

    trusts_code: run code that lies in it.
    Raises: ConfigError: it is no pipeline's, of no known family, not whole, or has weights as
    pickles or code; or a library is missing.
    """
    pipeline = check_whole(path)
    if not trusts_code and (code := _find_code(path)):
        raise ConfigError(
            f"{path} has code of its own ({code}), which could do anything on this machine: "
            "--trust-remote-code runs it"
        )
    for missing in (name for name in NEEDED if importlib.util.find_spec(name) is None):
        raise ConfigError(f"{path} needs {missing}: {INSTALL}")
    return PipelineFolder(path, pipeline, _licence(path), trusts_code)


def check_whole(path: Path) -> str:
    """Check that all parts of a pipeline are in a folder; return the pipeline's class name.

    Raises: ConfigError: it is no pipeline's, of no known family, not whole, or has weights as
    pickles.
    """
    index = _read_json(path / INDEX)
    pipeline = index.get("_class_name")
    pipeline = pipeline[-1] if isinstance(pipeline, list) and pipeline else pipeline
    if pipeline not in PIPELINE_CLASSES:
        raise ConfigError(
            f"{path} holds a {pipeline}, which makes no audio that msanii-live knows: it plays "
            + ", ".join(PIPELINE_CLASSES)
        )
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2 or not entry[1]:
            continue
        if name == "scheduler" and not (path / name).exists():
            continue  # LongCat is saved without one, and makes its own
        _check_part(path, name)
    return str(pipeline)


def _check_part(path: Path, name: str) -> None:
    """Check one part of a pipeline. Raises: ConfigError."""
    folder = path / name
    again = "download it again (msanii-live models fetch goes on where it stopped)"
    if not folder.is_dir():
        raise ConfigError(f"{path} is not whole: it has no {name}; {again}")
    files = [file for file in folder.iterdir() if file.is_file()]
    if half := [file.name for file in files if file.name.endswith(_PARTIAL)]:
        raise ConfigError(f"{path} is not whole: {name}/{half[0]} is half a download; {again}")
    if name in _WITHOUT_WEIGHTS or name.startswith("tokenizer"):
        if name.startswith("audio_tokenizer") or not files:
            raise ConfigError(f"{path} is not whole: {name} is empty; {again}")
        return
    weights = [file for file in files if file.suffix == _WEIGHTS]
    if not weights:
        pickles = [file.name for file in files if file.suffix in _PICKLES]
        if pickles:
            raise ConfigError(
                f"{path} has weights as a pickle ({name}/{pickles[0]}), which can run code: use a "
                "version with safetensors, or convert it"
            )
        raise ConfigError(f"{path} is not whole: {name} has no weights; {again}")
    for shards in folder.glob("*.safetensors.index.json"):
        for shard in sorted(set(_read_json(shards).get("weight_map", {}).values())):
            if not (folder / str(shard)).is_file():
                raise ConfigError(f"{path} is not whole: {name}/{shard} is missing; {again}")
    for file in weights:
        if not _is_whole(file):
            raise ConfigError(f"{path} is not whole: {name}/{file.name} is cut short; {again}")


def _is_whole(file: Path) -> bool:
    """Return whether a safetensors file is as long as its header says."""
    try:
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            if size > 2**27:
                return False
            header = json.loads(stream.read(size))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        return file.stat().st_size == 8 + size + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _find_code(path: Path) -> str:
    """Return a file of code in a folder, or a setting that names code; "" if there is none."""
    for file in sorted(path.rglob("*")):
        if file.suffix in _CODE:
            return file.relative_to(path).as_posix()
    for file in sorted(path.glob("*/config.json")):
        try:
            if "auto_map" in _read_json(file):
                return f"auto_map in {file.relative_to(path).as_posix()}"
        except ConfigError:
            continue
    return ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): download the folder again") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path} holds no settings: download the folder again")
    return found


def _licence(path: Path) -> str:
    """Return the licence of a folder's weights, in words; "unknown" if nothing says."""
    for model in stored_models():
        if model.path == path and model.licence:
            return model.licence[:MAX_LICENCE]
    known = find_model(path.name)
    return (read_licence(path) or (known.licence if known else "unknown"))[:MAX_LICENCE]


def load_family(
    folder: PipelineFolder,
    device: torch.device,
    dtype: torch.dtype,
    offload: OffloadMode = "none",
) -> Family:
    """Read a folder's weights and move them to a device.

    Raises: CommandError: EENGINE, they cannot be read.
    """
    try:
        # Not in inference mode, whose tensors accelerate cannot move.
        with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about themselves
            import diffusers

            pipe = getattr(diffusers, folder.pipeline).from_pretrained(
                folder.path,
                torch_dtype=dtype,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=folder.trusts_code,
            )
            family = _family_class(folder.pipeline)(pipe)
            family.place(device, offload)
            return family
    except torch.OutOfMemoryError:
        raise
    except ImportError as error:
        first = str(error).strip().splitlines()[0]
        raise CommandError(
            Code.EENGINE, f"{folder.path} needs a library that is missing ({first}): {INSTALL}"
        ) from None
    except Exception as error:  # whatever a damaged or strange folder makes libraries raise
        words = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise CommandError(
            Code.EENGINE, f"cannot load {folder.path}: {type(error).__name__}: {words}"
        ) from error


def _family_class(pipeline: str) -> type[Family]:
    from msanii_live.engines.pipelines.ace_step import AceStepFamily
    from msanii_live.engines.pipelines.longcat import LongCatFamily
    from msanii_live.engines.pipelines.mel_latents import MelLatentFamily
    from msanii_live.engines.pipelines.stable_audio_3 import StableAudio3Family
    from msanii_live.engines.pipelines.stable_audio_open import StableAudioOpenFamily

    if pipeline.startswith("StableAudio3"):
        return StableAudio3Family
    return {
        "StableAudioPipeline": StableAudioOpenFamily,
        "AceStepPipeline": AceStepFamily,
        "LongCatAudioDiTPipeline": LongCatFamily,
    }.get(pipeline, MelLatentFamily)
