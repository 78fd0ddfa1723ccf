"""A method for each command, which waits for its answer.

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


class BlockingCommands(ABC):
    """A method for each command, which waits for its answer."""

    @abstractmethod
    def make(self, command: commands.GenerationCommand) -> MadeClip:
        """Send a command that makes a clip and return the clip."""

    @abstractmethod
    def ask(self, command: commands.Command) -> list[ReplyRow]:
        """Send a command and return its answer."""

    def generate(self, **options: Unpack[types.GenerateOptions]) -> MadeClip:
        """Make a new clip from nothing."""
        return self.make(build_command(commands.Generate, **options))

    def outpaint(self, src: str, **options: Unpack[types.OutpaintOptions]) -> MadeClip:
        """Go on from a clip, or lead up to it.

        src: clip name, file in the folder, current or last.
        """
        return self.make(build_command(commands.Outpaint, src=src, **options))

    def inpaint(
        self, src: str, start: float, end: float, **options: Unpack[types.GenerationOptions]
    ) -> MadeClip:
        """Make a span of a clip anew.

        src: clip name, file in the folder, current or last.
        start: where the span begins (0 to 3600 s).
        end: where the span ends (0 to 3600 s).
        """
        return self.make(build_command(commands.Inpaint, src=src, start=start, end=end, **options))

    def interpolate(self, a: str, b: str, **options: Unpack[types.InterpolateOptions]) -> MadeClip:
        """Make a clip that lies between two.

        a: first clip.
        b: second clip.
        """
        return self.make(build_command(commands.Interpolate, a=a, b=b, **options))

    def audio2audio(self, src: str, **options: Unpack[types.AudioToAudioOptions]) -> MadeClip:
        """Make a variation of a clip.

        src: clip name, file in the folder, current or last.
        """
        return self.make(build_command(commands.AudioToAudio, src=src, **options))

    def render(self, midi: str, **options: Unpack[types.RenderOptions]) -> MadeClip:
        """Play notes: a MIDI file, a recorded take, or the last bars that came in on MIDI.

        A file plays with its own programs unless `program` or `timbre` says otherwise. `bpm` plays it
        at that tempo. Without `engine` it is one that plays notes. The engine tells its timbres in
        `/msanii/engine/info`. Notes of `take` are kept beside the clip, as NAME.mid.

        midi: MIDI file in the folder, name of a take, or take: the last bars played.
        """
        return self.make(build_command(commands.Render, midi=midi, **options))

    def vocode(self, src: str, **options: Unpack[types.VocodeOptions]) -> MadeClip:
        """Make a clip anew from nothing but its mel, to compare vocoders.

        src: clip name, file in the folder, current or last.
        """
        return self.make(build_command(commands.Vocode, src=src, **options))

    def play(
        self,
        clip: str,
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        loop: int = 0,
        gain: float = 0.0,
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Sound a clip; what sounds under the same name fades out as it fades in.

        A time tag is honoured to the frame. With `fade 0` and `gain 0` its samples reach the device bit
        for bit; else an end that would click is faded within 5 ms.

        clip: clip name, or last.
        at: when it starts: at once, at the next beat or bar, or so many beats from now.
        loop: 1: again and again until stopped (0 to 1).
        gain: level (-90 to 12 dB).
        fade: fade in, and out for what it replaces (0 to 60 s).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
                build_command(commands.Play, clip=clip, at=at, loop=loop, gain=gain, fade=fade)
            ),
        )

    def stop(
        self,
        clip: str = "",
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Silence one clip, the stream (`stream`), or all. A time tag is honoured to the frame.

        clip: clip name; all if absent.
        at: when the fade begins: at once, at the next beat or bar, or so many beats from now.
        fade: fade out; never under 5 ms (0 to 60 s).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.Stop, clip=clip, at=at, fade=fade)),
        )

    def transport(
        self,
        *,
        bpm: float | None = None,
        beats: int | None = None,
        source: Literal["internal", "link", "midi"] | None = None,
        run: int | None = None,
    ) -> list[types.TransportRow]:
        """Set tempo, metre and source of time, from the next beat on, or ask for them.

        bpm: tempo (20 to 300 bpm).
        beats: beats a bar (1 to 32).
        source: who keeps time: this server, Ableton Link, or MIDI clock; unchanged if absent.
        run: 1 runs, from a bar line; 0 stands still (0 to 1).
        """
        return cast(
            "list[types.TransportRow]",
            self.ask(
                build_command(
                    commands.TransportCommand, bpm=bpm, beats=beats, source=source, run=run
                )
            ),
        )

    def record_start(
        self,
        *,
        clip: str = "",
        seconds: float | None = None,
        source: Literal["input", "output", "midi"] = "output",
    ) -> list[types.DoneRow]:
        """Begin a take of what is heard, played, or comes in on MIDI.

        clip: name of the take; made up if absent.
        seconds: ends by itself after so long; at /msanii/record/stop if absent (0.05 to 600 s).
        source: what is recorded.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
                build_command(commands.RecordStart, clip=clip, seconds=seconds, source=source)
            ),
        )

    def record_stop(
        self,
        *,
        clip: str = "",
        seconds: float | None = None,
        source: Literal["input", "output", "midi"] = "output",
    ) -> list[types.DoneRow]:
        """End the take and make a clip of it; without a take, of the last seconds, kept all the time.

        The clip's `/msanii/clip/info` comes before the answer; of MIDI, `/msanii/take/info`, with the
        MIDI file that `/msanii/render` plays by its name.

        clip: name of the clip; as it was begun, or made up, if absent.
        seconds: only the last so many; up to 60 without a take (0.05 to 600 s).
        source: without a take, what is kept.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.RecordStop, clip=clip, seconds=seconds, source=source)),
        )

    def stream_start(
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
        """Go on from what sounds, or from a clip, for ever, in chunks that params steer.

        Chunks are reported by `/msanii/stream/chunk` to whoever started it and to topic `stream`. If
        the engine falls behind, the last bar sounds again, in time: `/msanii/stream/late`.

        With `midi` it plays notes instead: with `take` whole bars of what comes in on MIDI, a chunk
        behind the hands, the last phrase again while nothing new comes in; else a take or a file, again
        and again. `stream.mix` is then what `mix` is to `/msanii/render`, where there is a `timbre2`.
        Said to a stream that runs, it goes on with them; not said, what it plays is left as it is.

        src: clip name, file in the folder, last or current; where nothing sounds, a fresh clip.
        ahead: ready before it is heard (1 to 30 s).
        chunk: length of each chunk (1 to 30 s).
        mix: sets stream.mix (0 to 1).
        target: sets stream.target.
        engine: engine to use; the default one if absent.
        at: when it starts, where nothing sounds yet: at once, at the next beat or bar, or so many
            beats from now.
        midi: notes to play: take, what is being played; a take or MIDI file by name; none ends
            that.
        timbre: instrument; the notes' own programs if absent, or none.
        timbre2: instrument to morph towards; none ends that.
        program: General MIDI program of all notes, from 0 (0 to 127).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
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

    def stream_stop(
        self, *, at: Literal["none", "beat", "bar"] | float = "none", fade: float = 0.02
    ) -> list[types.DoneRow]:
        """End the stream.

        at: when the fade begins: at once, at the next beat or bar, or so many beats from now.
        fade: fade out; never under 5 ms (0 to 60 s).
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.StreamStop, at=at, fade=fade))
        )

    def param_stream_mix(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how far the next chunks go towards the target, or ask.

        value: 0 is none of it (0 to 1).
        """
        return cast(
            "list[types.FloatParamRow]", self.ask(build_command(commands.StreamMix, value=value))
        )

    def param_stream_target(self, value: str | None = None) -> list[types.TextParamRow]:
        """Set the clip that the next chunks go towards, or ask; `none` for no clip.

        value: clip name, or none.
        """
        return cast(
            "list[types.TextParamRow]", self.ask(build_command(commands.StreamTarget, value=value))
        )

    def param_stream_strength(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how far the blend with the target is made anew, or ask.

        value: 0 is the plain blend, 1 keeps little of it (0 to 1).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamStrength, value=value)),
        )

    def param_stream_steps(self, value: int | None = None) -> list[types.IntParamRow]:
        """Set the denoising steps of the next chunks, or ask; 0 is the engine's own.

        value: steps (0 to 1000).
        """
        return cast(
            "list[types.IntParamRow]", self.ask(build_command(commands.StreamSteps, value=value))
        )

    def param_stream_seed(self, value: int | None = None) -> list[types.IntParamRow]:
        """Set the seed of the next chunks, or ask; -1 is a new one each time.

        value: each chunk adds its index (-1 to 16777215).
        """
        return cast(
            "list[types.IntParamRow]", self.ask(build_command(commands.StreamSeed, value=value))
        )

    def param_stream_density(self, value: float | None = None) -> list[types.FloatParamRow]:
        """Set how busy the next chunks are, or ask; -1 leaves it to the engine.

        value: 0 sparse, 1 full (-1 to 1).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamDensity, value=value)),
        )

    def clip_list(self, *, page: int = 1) -> list[types.ClipEntryRow]:
        """List the clips, newest first, 50 a page.

        page: page, from 1 (1 to 1000000).
        """
        return cast(
            "list[types.ClipEntryRow]", self.ask(build_command(commands.ClipList, page=page))
        )

    def clip_info(self, name: str) -> list[types.ClipInfoRow]:
        """Tell all about one clip.

        name: clip name, or last.
        """
        return cast(
            "list[types.ClipInfoRow]", self.ask(build_command(commands.ClipInfoCommand, name=name))
        )

    def clip_load(
        self, path: str, *, clip: str = "", bpm: float | None = None
    ) -> list[types.DoneRow]:
        """Take an audio file of the shared folder in as a clip.

        path: file in the shared folder.
        clip: name; the file's own if absent.
        bpm: its tempo, where known (20 to 300 bpm).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.ClipLoad, path=path, clip=clip, bpm=bpm)),
        )

    def clip_save(self, name: str, path: str) -> list[types.DoneRow]:
        """Write a copy of a clip to a path in the shared folder.

        name: clip name, or last.
        path: file in the shared folder, ending in .wav or .flac.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.ClipSave, name=name, path=path))
        )

    def clip_rename(self, name: str, to: str) -> list[types.DoneRow]:
        """Give a clip another name.

        name: clip name, or last.
        to: new name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.ClipRename, name=name, to=to))
        )

    def clip_free(self, name: str) -> list[types.DoneRow]:
        """Forget a clip; its file stays in the folder and is found again at the next start.

        name: clip name, or last.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.ClipFree, name=name)))

    def job_list(self) -> list[types.JobEntryRow]:
        """List the jobs that run or wait."""
        return cast("list[types.JobEntryRow]", self.ask(build_command(commands.JobList)))

    def job_cancel(self, job: str | int) -> list[types.DoneRow]:
        """Cancel a job, within one denoising step.

        job: job number, your token, or all.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.JobCancel, job=job)))

    def engine_list(self) -> list[types.EngineEntryRow]:
        """List the engines."""
        return cast("list[types.EngineEntryRow]", self.ask(build_command(commands.EngineList)))

    def engine_info(self, engine: str = "") -> list[types.EngineInfoRow]:
        """Tell what an engine can do, one line a fact.

        engine: engine name; the default one if absent.
        """
        return cast(
            "list[types.EngineInfoRow]", self.ask(build_command(commands.EngineInfo, engine=engine))
        )

    def engine_load(self, engine: str) -> list[types.DoneRow]:
        """Load an engine and keep it warm.

        engine: engine name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.EngineLoad, engine=engine))
        )

    def engine_free(self, engine: str) -> list[types.DoneRow]:
        """Give an engine's memory back; it is loaded again when it is next asked for.

        engine: engine name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.EngineFree, engine=engine))
        )

    def notify(self, on: int, port: int = 0, *, topics: str = "") -> list[types.DoneRow]:
        """Register this host's port for replies; the lease is 60 s, renewed by any message.

        on: 1 registers, 0 ends it (0 to 1).
        port: UDP port; the sending one if 0 or absent (0 to 65535).
        topics: jobs: copies of every client's job replies.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.Notify, on=on, port=port, topics=topics)),
        )

    def sync(self, number: str | int = "") -> list[types.SyncedRow]:
        """Answer once all that this client asked for before has ended.

        number: any number or word, echoed (at most 128 characters).
        """
        return cast("list[types.SyncedRow]", self.ask(build_command(commands.Sync, number=number)))

    def ping(self) -> list[types.PongRow]:
        """Answer at once."""
        return cast("list[types.PongRow]", self.ask(build_command(commands.Ping)))

    def status(self) -> list[types.StatusRow]:
        """Tell how the server is."""
        return cast("list[types.StatusRow]", self.ask(build_command(commands.Status)))

    def version(self) -> list[types.VersionRow]:
        """Tell the versions of the server and of this protocol."""
        return cast("list[types.VersionRow]", self.ask(build_command(commands.Version)))

    def caps(self) -> list[types.CapsRow]:
        """Tell what the server can do and what it has counted, one line a fact."""
        return cast("list[types.CapsRow]", self.ask(build_command(commands.Caps)))

    def dump(self, on: int = 1, *, last: int = 0) -> list[types.DoneRow]:
        """Tell this client of every message that comes in; it ends 60 s after this host's last one.

        on: 1 begins, 0 ends it (0 to 1).
        last: so many of the lines before, too (0 to 200).
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Dump, on=on, last=last)))

    def clearsched(self) -> list[types.DoneRow]:
        """Drop every command that waits for its time tag."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.ClearSched)))

    def quit(self) -> list[types.DoneRow]:
        """End the server; from this machine only."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Quit)))
