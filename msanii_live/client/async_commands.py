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
    async def make(self, command: commands.GenerationCommand) -> MadeClip:
        """Send a command that makes a clip and return the clip."""

    @abstractmethod
    async def ask(self, command: commands.Command) -> list[ReplyRow]:
        """Send a command and return its answer."""

    async def generate(self, **options: Unpack[types.GenerateOptions]) -> MadeClip:
        """Make a new clip from nothing."""
        return await self.make(build_command(commands.Generate, **options))

    async def outpaint(self, src: str, **options: Unpack[types.OutpaintOptions]) -> MadeClip:
        """Go on from a clip, or lead up to it."""
        return await self.make(build_command(commands.Outpaint, src=src, **options))

    async def inpaint(
        self, src: str, start: float, end: float, **options: Unpack[types.GenerationOptions]
    ) -> MadeClip:
        """Make a span of a clip anew."""
        return await self.make(
            build_command(commands.Inpaint, src=src, start=start, end=end, **options)
        )

    async def interpolate(
        self, a: str, b: str, **options: Unpack[types.InterpolateOptions]
    ) -> MadeClip:
        """Make a clip that lies between two."""
        return await self.make(build_command(commands.Interpolate, a=a, b=b, **options))

    async def audio2audio(self, src: str, **options: Unpack[types.AudioToAudioOptions]) -> MadeClip:
        """Make a variation of a clip."""
        return await self.make(build_command(commands.AudioToAudio, src=src, **options))

    async def render(self, midi: str, **options: Unpack[types.RenderOptions]) -> MadeClip:
        """Play notes: a MIDI file, a recorded take, or the last bars that came in on MIDI."""
        return await self.make(build_command(commands.Render, midi=midi, **options))

    async def vocode(self, src: str, **options: Unpack[types.VocodeOptions]) -> MadeClip:
        """Make a clip anew from nothing but its mel, to compare vocoders."""
        return await self.make(build_command(commands.Vocode, src=src, **options))

    async def play(
        self,
        clip: str,
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        loop: int = 0,
        gain: float = 0.0,
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Sound a clip; what sounds under the same name fades out as it fades in."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(
                build_command(commands.Play, clip=clip, at=at, loop=loop, gain=gain, fade=fade)
            ),
        )

    async def stop(
        self,
        clip: str = "",
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Silence one clip, the stream (`stream`), or all. A time tag is honoured to the frame."""
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
        """Set tempo, metre and source of time, from the next beat on, or ask for them."""
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
        """Begin a take of what is heard, played, or comes in on MIDI."""
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
        """End the take and make a clip of it; without a take, of the last seconds, kept all the time."""
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
        timbre: str = "",
        timbre2: str = "",
        program: int | None = None,
    ) -> list[types.DoneRow]:
        """Go on from what sounds, or from a clip, for ever, in chunks that params steer."""
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
                    timbre=timbre,
                    timbre2=timbre2,
                    program=program,
                )
            ),
        )

    async def stream_stop(
        self, *, at: Literal["none", "beat", "bar"] | float = "none", fade: float = 0.02
    ) -> list[types.DoneRow]:
        """End the stream."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.StreamStop, at=at, fade=fade)),
        )

    async def param_stream_mix(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how far the next chunks go towards the target, or ask."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(build_command(commands.StreamMix, value=value)),
        )

    async def param_stream_target(self, value: str | None = None) -> list[types.TextParamRow]:
        """Set the clip that the next chunks go towards, or ask; `none` for no clip."""
        return cast(
            "list[types.TextParamRow]",
            await self.ask(build_command(commands.StreamTarget, value=value)),
        )

    async def param_stream_strength(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how far the blend with the target is made anew, or ask."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(build_command(commands.StreamStrength, value=value)),
        )

    async def param_stream_steps(self, value: int | None = None) -> list[types.IntParamRow]:
        """Set the denoising steps of the next chunks, or ask; 0 is the engine's own."""
        return cast(
            "list[types.IntParamRow]",
            await self.ask(build_command(commands.StreamSteps, value=value)),
        )

    async def param_stream_seed(self, value: int | None = None) -> list[types.IntParamRow]:
        """Set the seed of the next chunks, or ask; -1 is a new one each time."""
        return cast(
            "list[types.IntParamRow]",
            await self.ask(build_command(commands.StreamSeed, value=value)),
        )

    async def param_stream_density(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how busy the next chunks are, or ask; -1 leaves it to the engine."""
        return cast(
            "list[types.FloatParamRow]",
            await self.ask(build_command(commands.StreamDensity, value=value)),
        )

    async def clip_list(self, *, page: int = 1) -> list[types.ClipEntryRow]:
        """List the clips, newest first, 50 a page."""
        return cast(
            "list[types.ClipEntryRow]", await self.ask(build_command(commands.ClipList, page=page))
        )

    async def clip_info(self, name: str) -> list[types.ClipInfoRow]:
        """Tell all about one clip."""
        return cast(
            "list[types.ClipInfoRow]",
            await self.ask(build_command(commands.ClipInfoCommand, name=name)),
        )

    async def clip_load(
        self, path: str, *, clip: str = "", bpm: float | None = None
    ) -> list[types.DoneRow]:
        """Take an audio file of the shared folder in as a clip."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipLoad, path=path, clip=clip, bpm=bpm)),
        )

    async def clip_save(self, name: str, path: str) -> list[types.DoneRow]:
        """Write a copy of a clip to a path in the shared folder."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipSave, name=name, path=path)),
        )

    async def clip_rename(self, name: str, to: str) -> list[types.DoneRow]:
        """Give a clip another name."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.ClipRename, name=name, to=to)),
        )

    async def clip_free(self, name: str) -> list[types.DoneRow]:
        """Forget a clip; its file stays in the folder and is found again at the next start."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.ClipFree, name=name))
        )

    async def job_list(self) -> list[types.JobEntryRow]:
        """List the jobs that run or wait."""
        return cast("list[types.JobEntryRow]", await self.ask(build_command(commands.JobList)))

    async def job_cancel(self, job: str | int) -> list[types.DoneRow]:
        """Cancel a job, within one denoising step."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.JobCancel, job=job))
        )

    async def engine_list(self) -> list[types.EngineEntryRow]:
        """List the engines."""
        return cast(
            "list[types.EngineEntryRow]", await self.ask(build_command(commands.EngineList))
        )

    async def engine_info(self, engine: str = "") -> list[types.EngineInfoRow]:
        """Tell what an engine can do, one line a fact."""
        return cast(
            "list[types.EngineInfoRow]",
            await self.ask(build_command(commands.EngineInfo, engine=engine)),
        )

    async def engine_load(self, engine: str) -> list[types.DoneRow]:
        """Load an engine and keep it warm."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.EngineLoad, engine=engine))
        )

    async def engine_free(self, engine: str) -> list[types.DoneRow]:
        """Give an engine's memory back; it is loaded again when it is next asked for."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.EngineFree, engine=engine))
        )

    async def notify(self, on: int, port: int = 0, *, topics: str = "") -> list[types.DoneRow]:
        """Register this host's port for replies; the lease is 60 s, renewed by any message."""
        return cast(
            "list[types.DoneRow]",
            await self.ask(build_command(commands.Notify, on=on, port=port, topics=topics)),
        )

    async def sync(self, number: str | int = "") -> list[types.SyncedRow]:
        """Answer once all that this client asked for before has ended."""
        return cast(
            "list[types.SyncedRow]", await self.ask(build_command(commands.Sync, number=number))
        )

    async def ping(self) -> list[types.PongRow]:
        """Answer at once."""
        return cast("list[types.PongRow]", await self.ask(build_command(commands.Ping)))

    async def status(self) -> list[types.StatusRow]:
        """Tell how the server is."""
        return cast("list[types.StatusRow]", await self.ask(build_command(commands.Status)))

    async def version(self) -> list[types.VersionRow]:
        """Tell the versions of the server and of this protocol."""
        return cast("list[types.VersionRow]", await self.ask(build_command(commands.Version)))

    async def caps(self) -> list[types.CapsRow]:
        """Tell what the server can do and what it has counted, one line a fact."""
        return cast("list[types.CapsRow]", await self.ask(build_command(commands.Caps)))

    async def dump(self, on: int = 1, *, last: int = 0) -> list[types.DoneRow]:
        """Tell this client of every message that comes in; it ends 60 s after this host's last one."""
        return cast(
            "list[types.DoneRow]", await self.ask(build_command(commands.Dump, on=on, last=last))
        )

    async def clearsched(self) -> list[types.DoneRow]:
        """Drop every command that waits for its time tag."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.ClearSched)))

    async def quit(self) -> list[types.DoneRow]:
        """End the server; from this machine only."""
        return cast("list[types.DoneRow]", await self.ask(build_command(commands.Quit)))
