"""A method for each command, to await.

`tools/generate_client.py` writes this module from the command table.
A value out of range raises `CommandError` before anything is sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Unpack, cast

from msanii_live.client import command_types as types
from msanii_live.client.packets import build_command
from msanii_live.client.replies import MadeClip, ReplyRow
from msanii_live.protocol import commands


class AsyncCommands(ABC):
    """A method for each command, to await."""

    @abstractmethod
    async def make(self, command: commands.JobCommand) -> MadeClip:
        """Send a command that becomes a job and return the clip it ends with."""

    @abstractmethod
    async def ask(self, command: commands.Command) -> list[ReplyRow]:
        """Send a command and return its answer."""

    async def generate(self, **options: Unpack[types.GenerateOptions]) -> MadeClip:
        """Generate a new clip without a source."""
        return await self.make(build_command(commands.Generate, **options))

    async def outpaint(self, src: str, **options: Unpack[types.OutpaintOptions]) -> MadeClip:
        """Continue a clip after its end, or generate what comes before its start."""
        return await self.make(build_command(commands.Outpaint, src=src, **options))

    async def inpaint(
        self, src: str, start: float, end: float, **options: Unpack[types.GenerationOptions]
    ) -> MadeClip:
        """Replace a span of a clip with new audio that fits what comes before and after it."""
        return await self.make(
            build_command(commands.Inpaint, src=src, start=start, end=end, **options)
        )

    async def interpolate(
        self, a: str, b: str, **options: Unpack[types.InterpolateOptions]
    ) -> MadeClip:
        """Generate a clip between two clips."""
        return await self.make(build_command(commands.Interpolate, a=a, b=b, **options))

    async def audio2audio(self, src: str, **options: Unpack[types.AudioToAudioOptions]) -> MadeClip:
        """Generate a variation of a clip."""
        return await self.make(build_command(commands.AudioToAudio, src=src, **options))

    async def render(self, midi: str, **options: Unpack[types.RenderOptions]) -> MadeClip:
        """Play notes with an engine: a MIDI file, a recorded take, or the last bars of MIDI input."""
        return await self.make(build_command(commands.Render, midi=midi, **options))

    async def vocode(self, src: str, **options: Unpack[types.VocodeOptions]) -> MadeClip:
        """Reconstruct a clip from its mel spectrogram alone, to compare vocoders."""
        return await self.make(build_command(commands.Vocode, src=src, **options))

    async def transcribe(
        self, src: str, *, bpm: float | None = None, again: int = 0, priority: int = 0
    ) -> MadeClip:
        """Write down the notes of a clip, by part, with its tempo, bars and chords."""
        return await self.make(
            build_command(commands.Transcribe, src=src, bpm=bpm, again=again, priority=priority)
        )

    async def accompany(self, src: str, **options: Unpack[types.AccompanyOptions]) -> MadeClip:
        """Play parts to a clip, or to what a musician plays: in time, in key, and without the source."""
        return await self.make(build_command(commands.Accompany, src=src, **options))

    async def play(
        self,
        clip: str,
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        loop: int = 0,
        gain: float = 0.0,
        fade: float = 0.02,
        start: float = 0.0,
        end: float | None = None,
    ) -> list[types.DoneRow]:
        """Play a clip. If it is already playing, the two crossfade."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(
                    commands.Play,
                    clip=clip,
                    at=at,
                    loop=loop,
                    gain=gain,
                    fade=fade,
                    start=start,
                    end=end,
                )
            ),
        )

    async def stop(
        self,
        clip: str = "",
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Stop one clip, the stream (`stream`), or everything. A time tag is accurate to one frame."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.Stop, clip=clip, at=at, fade=fade)),
        )

    async def transport(
        self,
        *,
        bpm: float | None = None,
        beats: int | None = None,
        source: Literal["internal", "link", "midi"] | None = None,
        run: int | None = None,
    ) -> list[types.TransportRow]:
        """Set the tempo, metre and clock source, or only return them."""
        return cast(
            "list[types.TransportRow]",
            await self.ask(
                build_command(
                    commands.TransportCommand, bpm=bpm, beats=beats, source=source, run=run
                )
            ),
        )

    async def record_start(
        self,
        *,
        clip: str = "",
        seconds: float | None = None,
        source: Literal["input", "output", "midi"] = "output",
    ) -> list[types.DoneRow]:
        """Start to record the output, the audio input or the MIDI input."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.RecordStart, clip=clip, seconds=seconds, source=source)
            ),
        )

    async def record_stop(
        self,
        *,
        clip: str = "",
        seconds: float | None = None,
        source: Literal["input", "output", "midi"] = "output",
    ) -> list[types.DoneRow]:
        """Stop recording and make a clip of the take."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.RecordStop, clip=clip, seconds=seconds, source=source)
            ),
        )

    async def stream_start(
        self,
        src: str = "current",
        *,
        ahead: float = 4.0,
        chunk: float = 3.0,
        mix: float | None = None,
        target: str = "",
        engine: str = "",
        at: Literal["none", "beat", "bar"] | float = "bar",
        midi: str = "",
        accompany: str = "",
        timbre: str = "",
        timbre2: str = "",
        program: int | None = None,
    ) -> list[types.DoneRow]:
        """Continue what is playing, or a clip, endlessly, in chunks that params steer."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(
                    commands.StreamStart,
                    src=src,
                    ahead=ahead,
                    chunk=chunk,
                    mix=mix,
                    target=target,
                    engine=engine,
                    at=at,
                    midi=midi,
                    accompany=accompany,
                    timbre=timbre,
                    timbre2=timbre2,
                    program=program,
                )
            ),
        )

    async def stream_stop(
        self, *, at: Literal["none", "beat", "bar"] | float = "none", fade: float = 0.02
    ) -> list[types.DoneRow]:
        """Stop the stream."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.StreamStop, at=at, fade=fade)),
        )

    async def param_stream_mix(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how far the next chunks move towards the target."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(build_command(commands.StreamMix, value=value, time=time, shape=shape)),
        )

    async def param_stream_target(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the clip that the next chunks move towards."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamTarget, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_strength(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how much of the blend with the target is regenerated."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(
                build_command(commands.StreamStrength, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_steps(
        self,
        value: int | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.IntParamRow]:
        """Set or return the denoising steps of the next chunks."""
        return cast(
            "list[types.IntParamRow]",
            await self.ask(
                build_command(commands.StreamSteps, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_seed(
        self,
        value: int | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.IntParamRow]:
        """Set or return the seed of the next chunks."""
        return cast(
            "list[types.IntParamRow]",
            await self.ask(build_command(commands.StreamSeed, value=value, time=time, shape=shape)),
        )

    async def param_stream_density(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how many notes and hits the next chunks have."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(
                build_command(commands.StreamDensity, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_style(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the style of the next chunks."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamStyle, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_key(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the key of the next chunks."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(build_command(commands.StreamKey, value=value, time=time, shape=shape)),
        )

    async def param_stream_chords(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the chords of the next chunks, which go round."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamChords, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_parts(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the parts that sound in the next chunks, so as to mute or solo them."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamParts, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_drive(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the saturation of the next chunks of a stream that plays notes."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(
                build_command(commands.StreamDrive, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_space(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the room of the next chunks of a stream that plays notes."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(
                build_command(commands.StreamSpace, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_prompt_a(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the prompt of the next chunks."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamPromptA, value=value, time=time, shape=shape)
            ),
        )

    async def param_stream_prompt_b(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the prompt towards which `stream.mix` moves the next chunks."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(
                build_command(commands.StreamPromptB, value=value, time=time, shape=shape)
            ),
        )

    async def param_output_gain(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the level of the whole output. With `time` it glides, exact to a frame."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(build_command(commands.OutputGain, value=value, time=time, shape=shape)),
        )

    async def clip_list(self, *, page: int = 1) -> list[types.ClipEntryRow]:
        """List the clips, newest first, 50 on a page."""
        return cast(
            "list[types.ClipEntryRow]", await self.ask(build_command(commands.ClipList, page=page))
        )

    async def clip_info(self, name: str) -> list[types.ClipInfoRow]:
        """Return the facts about one clip."""
        return cast(
            "list[types.ClipInfoRow]",
            await self.ask(build_command(commands.ClipInfoCommand, name=name)),
        )

    async def clip_load(
        self, path: str, *, clip: str = "", bpm: float | None = None
    ) -> list[types.DoneRow]:
        """Import an audio file of the shared folder as a clip."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipLoad, path=path, clip=clip, bpm=bpm)),
        )

    async def clip_save(
        self,
        name: str,
        path: str,
        *,
        bits: int | None = None,
        format: Literal["", "wav", "flac", "aiff"] = "",
        rate: int | None = None,
    ) -> list[types.DoneRow]:
        """Write a copy of a clip to a path in the shared folder. Your own files are never replaced."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(
                    commands.ClipSave, name=name, path=path, bits=bits, format=format, rate=rate
                )
            ),
        )

    async def clip_rename(self, name: str, to: str) -> list[types.DoneRow]:
        """Rename a clip, with its notes and stems."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipRename, name=name, to=to)),
        )

    async def clip_free(self, name: str, *, delete: int = 0) -> list[types.DoneRow]:
        """Remove a clip from the list. Its files stay in the folder and are found at the next start."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipFree, name=name, delete=delete)),
        )

    async def clip_star(self, name: str, on: int = 1) -> list[types.DoneRow]:
        """Mark a clip as chosen, or not. `--keep-gb` never deletes a chosen one."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipStar, name=name, on=on)),
        )

    async def clip_parents(self, name: str) -> list[types.ClipParentRow]:
        """List what a clip was made from: its sources, what those were made from, and so on."""
        return cast(
            "list[types.ClipParentRow]",
            await self.ask(build_command(commands.ClipParents, name=name)),
        )

    async def clip_crop(
        self, name: str, start: float, end: float, *, clip: str = ""
    ) -> list[types.DoneRow]:
        """Crop a clip: a span of it becomes a new clip, with its notes and the same samples."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.ClipCrop, name=name, start=start, end=end, clip=clip)
            ),
        )

    async def undo(self) -> list[types.DoneRow]:
        """Undo what you did last: naming, freeing or replacing a clip, or changing a param."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.Undo)))

    async def redo(self) -> list[types.DoneRow]:
        """Do again what you undid last."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.Redo)))

    async def undo_list(self) -> list[types.UndoEntryRow]:
        """List what you can undo, the next one first, and then what you can do again."""
        return cast("list[types.UndoEntryRow]", await self.ask(build_command(commands.UndoList)))

    async def scene_save(self, name: str) -> list[types.DoneRow]:
        """Save params, stream, tempo, MIDI mappings, loops and the automation that plays, as a scene."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.SceneSave, name=name))
        )

    async def scene_load(self, name: str, *, time: float = 0.0) -> list[types.DoneRow]:
        """Return to a scene, at once or over some beats."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.SceneLoad, name=name, time=time)),
        )

    async def scene_free(self, name: str) -> list[types.DoneRow]:
        """Delete a scene. A file that was edited by hand is left alone."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.SceneFree, name=name))
        )

    async def scene_list(self) -> list[types.SceneEntryRow]:
        """List the scenes."""
        return cast("list[types.SceneEntryRow]", await self.ask(build_command(commands.SceneList)))

    async def map_learn(
        self,
        param: str,
        *,
        control: Literal["", "cc", "note", "pressure"] = "",
        low: float | None = None,
        high: float | None = None,
    ) -> list[types.DoneRow]:
        """Map the next MIDI control that is moved to a param or a command."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.MapLearn, param=param, control=control, low=low, high=high)
            ),
        )

    async def map_list(self) -> list[types.MapEntryRow]:
        """List the mappings of MIDI controls."""
        return cast("list[types.MapEntryRow]", await self.ask(build_command(commands.MapList)))

    async def map_free(self, param: str) -> list[types.DoneRow]:
        """Remove the mappings to a param or command, or all. A learn that waits ends, too."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.MapFree, param=param))
        )

    async def automation_record(self, name: str, *, overdub: int = 0) -> list[types.DoneRow]:
        """Record every change of a param from now on, with its beat, whoever makes it."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.AutomationRecord, name=name, overdub=overdub)),
        )

    async def automation_play(
        self, name: str, *, loop: int = 1, at: Literal["none", "beat", "bar"] | float = "bar"
    ) -> list[types.DoneRow]:
        """Play recorded changes of params in time with the transport."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.AutomationPlay, name=name, loop=loop, at=at)),
        )

    async def automation_stop(self) -> list[types.DoneRow]:
        """End and keep what is being recorded, and end what is being played."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.AutomationStop)))

    async def automation_free(self, name: str) -> list[types.DoneRow]:
        """Delete an automation, or drop the one that is being recorded. Files edited by hand stay."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.AutomationFree, name=name))
        )

    async def automation_list(self) -> list[types.AutomationEntryRow]:
        """List the automation in the shared folder, and what is recorded or played."""
        return cast(
            "list[types.AutomationEntryRow]", await self.ask(build_command(commands.AutomationList))
        )

    async def job_list(self) -> list[types.JobEntryRow]:
        """List the jobs that run or wait."""
        return cast("list[types.JobEntryRow]", await self.ask(build_command(commands.JobList)))

    async def job_cancel(self, job: str | int) -> list[types.DoneRow]:
        """Cancel a job. A running job ends within one denoising step."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.JobCancel, job=job))
        )

    async def engine_list(self) -> list[types.EngineEntryRow]:
        """List the engines."""
        return cast(
            "list[types.EngineEntryRow]", await self.ask(build_command(commands.EngineList))
        )

    async def engine_info(self, engine: str = "") -> list[types.EngineInfoRow]:
        """Return what an engine can do, one reply for each fact."""
        return cast(
            "list[types.EngineInfoRow]",
            await self.ask(build_command(commands.EngineInfo, engine=engine)),
        )

    async def engine_load(self, engine: str) -> list[types.DoneRow]:
        """Load an engine into memory."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.EngineLoad, engine=engine))
        )

    async def engine_free(self, engine: str) -> list[types.DoneRow]:
        """Unload an engine and free its memory. The next command that uses it loads it again."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.EngineFree, engine=engine))
        )

    async def lora_load(
        self, name: str, weight: float = 1.0, *, engine: str = ""
    ) -> list[types.DoneRow]:
        """Load a LoRA into an engine, or change its weight. It holds from the next job on."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.LoraLoad, name=name, weight=weight, engine=engine)
            ),
        )

    async def lora_free(self, name: str, *, engine: str = "") -> list[types.DoneRow]:
        """Unload a LoRA from an engine."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.LoraFree, name=name, engine=engine)),
        )

    async def lora_list(self, *, engine: str = "") -> list[types.LoraEntryRow]:
        """List an engine's LoRAs: those that are loaded, and with weight 0 those that could be."""
        return cast(
            "list[types.LoraEntryRow]",
            await self.ask(build_command(commands.LoraList, engine=engine)),
        )

    async def worker_list(self) -> list[types.WorkerEntryRow]:
        """List the workers that run engines; without any, the server itself."""
        return cast(
            "list[types.WorkerEntryRow]", await self.ask(build_command(commands.WorkerList))
        )

    async def notify(self, on: int, port: int = 0, *, topics: str = "") -> list[types.DoneRow]:
        """Register a port of this host for replies."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.Notify, on=on, port=port, topics=topics)),
        )

    async def sync(self, number: str | int = "") -> list[types.SyncedRow]:
        """Answer when every earlier command of the same client has ended."""
        return cast(
            "list[types.SyncedRow]", await self.ask(build_command(commands.Sync, number=number))
        )

    async def ping(self) -> list[types.PongRow]:
        """Answer at once."""
        return cast("list[types.PongRow]", await self.ask(build_command(commands.Ping)))

    async def status(self) -> list[types.StatusRow]:
        """Return the state and load of the server."""
        return cast("list[types.StatusRow]", await self.ask(build_command(commands.Status)))

    async def version(self) -> list[types.VersionRow]:
        """Return the versions of the server and of this protocol."""
        return cast("list[types.VersionRow]", await self.ask(build_command(commands.Version)))

    async def caps(self) -> list[types.CapsRow]:
        """Return the server's capabilities and counters, one reply for each fact."""
        return cast("list[types.CapsRow]", await self.ask(build_command(commands.Caps)))

    async def dump(self, on: int = 1, *, last: int = 0) -> list[types.DoneRow]:
        """Send this client a line about every message that the server receives."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.Dump, on=on, last=last))
        )

    async def clearsched(self) -> list[types.DoneRow]:
        """Discard every command that waits for its time tag."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.ClearSched)))

    async def quit(self) -> list[types.DoneRow]:
        """Stop the server. Only this machine may send it."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.Quit)))
