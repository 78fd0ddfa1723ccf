"""The command table: every command that the server understands.

The router, docs/osc.md, the patches, the clients and the tests are derived from it. To add a
command, write one dataclass in a module here, add it to `COMMANDS`, and write one handler in
`server/handlers`.
"""

from __future__ import annotations

from msanii_live.protocol.command import Command as Command
from msanii_live.protocol.command import JobCommand as JobCommand
from msanii_live.protocol.commands.generate import (
    MAX_CLIP_SECONDS as MAX_CLIP_SECONDS,
)
from msanii_live.protocol.commands.generate import (
    AudioToAudio as AudioToAudio,
)
from msanii_live.protocol.commands.generate import (
    FixedLengthCommand as FixedLengthCommand,
)
from msanii_live.protocol.commands.generate import (
    Generate as Generate,
)
from msanii_live.protocol.commands.generate import (
    GenerationCommand as GenerationCommand,
)
from msanii_live.protocol.commands.generate import (
    Inpaint as Inpaint,
)
from msanii_live.protocol.commands.generate import (
    Interpolate as Interpolate,
)
from msanii_live.protocol.commands.generate import (
    Outpaint as Outpaint,
)
from msanii_live.protocol.commands.generate import (
    Render as Render,
)
from msanii_live.protocol.commands.generate import (
    Vocode as Vocode,
)
from msanii_live.protocol.commands.library import (
    ClipCrop as ClipCrop,
)
from msanii_live.protocol.commands.library import (
    ClipFree as ClipFree,
)
from msanii_live.protocol.commands.library import (
    ClipInfoCommand as ClipInfoCommand,
)
from msanii_live.protocol.commands.library import (
    ClipList as ClipList,
)
from msanii_live.protocol.commands.library import (
    ClipLoad as ClipLoad,
)
from msanii_live.protocol.commands.library import (
    ClipParents as ClipParents,
)
from msanii_live.protocol.commands.library import (
    ClipRename as ClipRename,
)
from msanii_live.protocol.commands.library import (
    ClipSave as ClipSave,
)
from msanii_live.protocol.commands.library import (
    ClipStar as ClipStar,
)
from msanii_live.protocol.commands.listen import (
    Accompany as Accompany,
)
from msanii_live.protocol.commands.listen import (
    Transcribe as Transcribe,
)
from msanii_live.protocol.commands.loras import (
    LoraFree as LoraFree,
)
from msanii_live.protocol.commands.loras import (
    LoraList as LoraList,
)
from msanii_live.protocol.commands.loras import (
    LoraLoad as LoraLoad,
)
from msanii_live.protocol.commands.params import (
    PARAM_ROOT as PARAM_ROOT,
)
from msanii_live.protocol.commands.params import (
    PARAMS as PARAMS,
)
from msanii_live.protocol.commands.params import (
    OutputGain as OutputGain,
)
from msanii_live.protocol.commands.params import (
    Param as Param,
)
from msanii_live.protocol.commands.params import (
    StreamChords as StreamChords,
)
from msanii_live.protocol.commands.params import (
    StreamDensity as StreamDensity,
)
from msanii_live.protocol.commands.params import (
    StreamDrive as StreamDrive,
)
from msanii_live.protocol.commands.params import (
    StreamKey as StreamKey,
)
from msanii_live.protocol.commands.params import (
    StreamMix as StreamMix,
)
from msanii_live.protocol.commands.params import (
    StreamParts as StreamParts,
)
from msanii_live.protocol.commands.params import (
    StreamPromptA as StreamPromptA,
)
from msanii_live.protocol.commands.params import (
    StreamPromptB as StreamPromptB,
)
from msanii_live.protocol.commands.params import (
    StreamSeed as StreamSeed,
)
from msanii_live.protocol.commands.params import (
    StreamSpace as StreamSpace,
)
from msanii_live.protocol.commands.params import (
    StreamSteps as StreamSteps,
)
from msanii_live.protocol.commands.params import (
    StreamStrength as StreamStrength,
)
from msanii_live.protocol.commands.params import (
    StreamStyle as StreamStyle,
)
from msanii_live.protocol.commands.params import (
    StreamTarget as StreamTarget,
)
from msanii_live.protocol.commands.params import (
    param_tag as param_tag,
)
from msanii_live.protocol.commands.performance import (
    AutomationFree as AutomationFree,
)
from msanii_live.protocol.commands.performance import (
    AutomationList as AutomationList,
)
from msanii_live.protocol.commands.performance import (
    AutomationPlay as AutomationPlay,
)
from msanii_live.protocol.commands.performance import (
    AutomationRecord as AutomationRecord,
)
from msanii_live.protocol.commands.performance import (
    AutomationStop as AutomationStop,
)
from msanii_live.protocol.commands.performance import (
    MapFree as MapFree,
)
from msanii_live.protocol.commands.performance import (
    MapLearn as MapLearn,
)
from msanii_live.protocol.commands.performance import (
    MapList as MapList,
)
from msanii_live.protocol.commands.performance import (
    Redo as Redo,
)
from msanii_live.protocol.commands.performance import (
    SceneFree as SceneFree,
)
from msanii_live.protocol.commands.performance import (
    SceneList as SceneList,
)
from msanii_live.protocol.commands.performance import (
    SceneLoad as SceneLoad,
)
from msanii_live.protocol.commands.performance import (
    SceneSave as SceneSave,
)
from msanii_live.protocol.commands.performance import (
    Undo as Undo,
)
from msanii_live.protocol.commands.performance import (
    UndoList as UndoList,
)
from msanii_live.protocol.commands.playback import (
    Play as Play,
)
from msanii_live.protocol.commands.playback import (
    RecordStart as RecordStart,
)
from msanii_live.protocol.commands.playback import (
    RecordStop as RecordStop,
)
from msanii_live.protocol.commands.playback import (
    Stop as Stop,
)
from msanii_live.protocol.commands.playback import (
    TransportCommand as TransportCommand,
)
from msanii_live.protocol.commands.stream import (
    StreamStart as StreamStart,
)
from msanii_live.protocol.commands.stream import (
    StreamStop as StreamStop,
)
from msanii_live.protocol.commands.system import (
    Caps as Caps,
)
from msanii_live.protocol.commands.system import (
    ClearSched as ClearSched,
)
from msanii_live.protocol.commands.system import (
    Dump as Dump,
)
from msanii_live.protocol.commands.system import (
    EngineFree as EngineFree,
)
from msanii_live.protocol.commands.system import (
    EngineInfo as EngineInfo,
)
from msanii_live.protocol.commands.system import (
    EngineList as EngineList,
)
from msanii_live.protocol.commands.system import (
    EngineLoad as EngineLoad,
)
from msanii_live.protocol.commands.system import (
    JobCancel as JobCancel,
)
from msanii_live.protocol.commands.system import (
    JobList as JobList,
)
from msanii_live.protocol.commands.system import (
    Notify as Notify,
)
from msanii_live.protocol.commands.system import (
    Ping as Ping,
)
from msanii_live.protocol.commands.system import (
    Quit as Quit,
)
from msanii_live.protocol.commands.system import (
    Status as Status,
)
from msanii_live.protocol.commands.system import (
    Sync as Sync,
)
from msanii_live.protocol.commands.system import (
    Version as Version,
)
from msanii_live.protocol.commands.system import (
    WorkerList as WorkerList,
)

COMMANDS: tuple[type[Command], ...] = (
    Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Render, Vocode, Transcribe,
    Accompany,
    Play, Stop, TransportCommand, RecordStart, RecordStop, StreamStart, StreamStop, *PARAMS,
    ClipList, ClipInfoCommand, ClipLoad, ClipSave, ClipRename, ClipFree,
    ClipStar, ClipParents, ClipCrop, Undo, Redo, UndoList,
    SceneSave, SceneLoad, SceneFree, SceneList, MapLearn, MapList, MapFree,
    AutomationRecord, AutomationPlay, AutomationStop, AutomationFree, AutomationList,
    JobList, JobCancel,
    EngineList, EngineInfo, EngineLoad, EngineFree, LoraLoad, LoraFree, LoraList, WorkerList,
    Notify, Sync, Ping, Status, Version, Caps, Dump, ClearSched, Quit,
)  # fmt: skip

BY_ADDRESS = {command.address: command for command in COMMANDS}
