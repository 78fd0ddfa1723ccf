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
    def make(self, command: commands.JobCommand) -> MadeClip:
        """Send a command that becomes a job and return the clip it ends with."""

    @abstractmethod
    def ask(self, command: commands.Command) -> list[ReplyRow]:
        """Send a command and return its answer."""

    def generate(self, **options: Unpack[types.GenerateOptions]) -> MadeClip:
        """Generate a new clip without a source."""
        return self.make(build_command(commands.Generate, **options))

    def outpaint(self, src: str, **options: Unpack[types.OutpaintOptions]) -> MadeClip:
        """Continue a clip after its end, or generate what comes before its start.

        src: clip name, audio file in the folder, current (what is playing), last (the newest clip)
            or input (the last seconds of the audio input).
        """
        return self.make(build_command(commands.Outpaint, src=src, **options))

    def inpaint(
        self, src: str, start: float, end: float, **options: Unpack[types.GenerationOptions]
    ) -> MadeClip:
        """Replace a span of a clip with new audio that fits what comes before and after it.

        src: clip name, audio file in the folder, current (what is playing), last (the newest clip)
            or input (the last seconds of the audio input).
        start: start of the span (0 to 3600 s).
        end: end of the span (0 to 3600 s).
        """
        return self.make(build_command(commands.Inpaint, src=src, start=start, end=end, **options))

    def interpolate(self, a: str, b: str, **options: Unpack[types.InterpolateOptions]) -> MadeClip:
        """Generate a clip between two clips.

        a: first clip.
        b: second clip.
        """
        return self.make(build_command(commands.Interpolate, a=a, b=b, **options))

    def audio2audio(self, src: str, **options: Unpack[types.AudioToAudioOptions]) -> MadeClip:
        """Generate a variation of a clip.

        src: clip name, audio file in the folder, current (what is playing), last (the newest clip)
            or input (the last seconds of the audio input).
        """
        return self.make(build_command(commands.AudioToAudio, src=src, **options))

    def render(self, midi: str, **options: Unpack[types.RenderOptions]) -> MadeClip:
        """Play notes with an engine: a MIDI file, a recorded take, or the last bars of MIDI input.

        If `engine` is absent, the server picks one that plays notes. A MIDI file plays with its own
        programs unless `program` or `timbre` is given, and at its own tempo unless `bpm` is given.
        `/msanii/engine/info` lists the timbres of an engine. The notes are saved beside the clip as
        NAME.mid.

        midi: MIDI file in the folder, name of a MIDI take, or take (the last bars of MIDI input).
        """
        return self.make(build_command(commands.Render, midi=midi, **options))

    def vocode(self, src: str, **options: Unpack[types.VocodeOptions]) -> MadeClip:
        """Reconstruct a clip from its mel spectrogram alone, to compare vocoders.

        src: clip name, audio file in the folder, current (what is playing), last (the newest clip)
            or input (the last seconds of the audio input).
        """
        return self.make(build_command(commands.Vocode, src=src, **options))

    def transcribe(
        self, src: str, *, bpm: float | None = None, again: int = 0, priority: int = 0
    ) -> MadeClip:
        """Write down the notes of a clip, by part, with its tempo, bars and chords.

        It is a job, and ends with the clip itself. The notes are saved beside the clip as NAME.mid, and
        commands that work with notes, such as outpaint with the composer, use them. Notes that were
        heard before are replaced; the notes of a clip that was composed here only with `again 1`.
        `/msanii/undo` brings the notes of before back.

        src: clip name, current (what is playing) or last (the newest clip).
        bpm: its tempo, if known; heard if absent (20 to 300 bpm).
        again: 1: also replace notes that are known exactly, because the clip was composed here (0
            to 1).
        priority: jobs with a higher priority run first (-100 to 100).
        """
        return self.make(
            build_command(commands.Transcribe, src=src, bpm=bpm, again=again, priority=priority)
        )

    def accompany(self, src: str, **options: Unpack[types.AccompanyOptions]) -> MadeClip:
        """Play parts to a clip, or to what a musician plays: in time, in key, and without the source.

        The notes of the source are heard where they are not known, and the parts are composed to them.
        If `parts` is absent, they are those that the source lacks. The clip is as long as the source,
        so that both can play together; of `input`, it is a loop as long as the last whole bars, and
        with `play 1` it goes round from the player's next bar line on (`at beat`: from the next beat).
        For an accompaniment that follows the player bar by bar, use `/msanii/stream/start` with the key
        `accompany`.

        src: clip name, audio file in the folder, current (what is playing), last (the newest clip)
            or input (the last seconds of the audio input).
        """
        return self.make(build_command(commands.Accompany, src=src, **options))

    def play(
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
        """Play a clip. If it is already playing, the two crossfade.

        With `start` and `end`, a span of it plays.

        A time tag is accurate to one frame. With `fade 0` and `gain 0` the clip's samples reach the
        device bit for bit. With any other values, an end that would click is faded within 5 ms.

        clip: clip name, or last (the newest clip).
        at: when playback starts: none (at once), the next beat or bar, or a number of beats from
            now.
        loop: 1: repeat until stopped (0 to 1).
        gain: level (-90 to 12 dB).
        fade: length of the fade-in, and of the fade-out of what it replaces (0 to 60 s).
        start: where in the clip its playback begins (0 to 3600 s).
        end: where in the clip it ends, or a loop returns to the start; the clip's end if absent (0
            to 3600 s).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
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

    def stop(
        self,
        clip: str = "",
        *,
        at: Literal["none", "beat", "bar"] | float = "none",
        fade: float = 0.02,
    ) -> list[types.DoneRow]:
        """Stop one clip, the stream (`stream`), or everything. A time tag is accurate to one frame.

        clip: clip name, or stream; everything if absent.
        at: when the fade-out begins: none (at once), the next beat or bar, or a number of beats
            from now.
        fade: length of the fade-out, at least 5 ms (0 to 60 s).
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
        """Set the tempo, metre and clock source, or only return them.

        A change takes effect at the next beat.

        bpm: tempo (20 to 300 bpm).
        beats: beats in a bar (1 to 32).
        source: clock source: internal (this server), link (Ableton Link) or midi (MIDI clock).
        run: 1: start, at a bar line; 0: stop (0 to 1).
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
        """Start to record the output, the audio input or the MIDI input.

        clip: name of the take; generated if absent.
        seconds: stop by itself after this time; at /msanii/record/stop if absent (0.05 to 600 s).
        source: what to record.
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
        """Stop recording and make a clip of the take.

        If nothing is being recorded, the clip is made of the last seconds, which the server always
        keeps. `/msanii/clip/info` is sent before the answer. A MIDI take becomes a MIDI file instead,
        which `/msanii/render` can play by its name, and `/msanii/take/info` is sent.

        clip: name of the clip; if absent, the one given at /msanii/record/start, or generated.
        seconds: only the last seconds; at most 60 if nothing is being recorded (0.05 to 600 s).
        source: what to use if nothing is being recorded.
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
        accompany: str = "",
        timbre: str = "",
        timbre2: str = "",
        program: int | None = None,
    ) -> list[types.DoneRow]:
        """Continue what is playing, or a clip, endlessly, in chunks that params steer.

        If a job is still making the clip of `src`, the stream waits for it.

        `/msanii/stream/chunk` reports each chunk to the client that started the stream and to the
        topic `stream`. If the engine falls behind, the last bar repeats in time and
        `/msanii/stream/late` is sent.

        With `midi`, the stream plays notes. `midi take` plays whole bars of the MIDI input, one chunk
        after they were played, and repeats the last phrase while nothing new comes in. Any other
        `midi` names a take or a MIDI file, which repeats. With `timbre2`, `stream.mix` is the mix of
        the two timbres, as `mix` is in `/msanii/render`.

        With an engine that composes, such as `composer`, chunks are whole bars of new notes that go on
        from those of `src`. If no engine is named, a loaded composer continues a clip whose notes are
        known; if the default engine composes, the notes of other music are heard. `stream.style`,
        `stream.key`, `stream.chords`, `stream.density` and `stream.parts` steer it.

        With `accompany`, the stream plays these parts to what comes in on the audio input: it listens
        anew for each bar, 1.5 s before that bar, follows tempo and downbeat, and goes on as it was
        while nothing is heard. `src` is not played then.

        If the stream is already running and `src` is `current`, these values replace the current
        ones; notes, instruments, `mix` and `target` that are absent stay as they are. Any other `src`
        starts a new stream.

        Params keep their values when a stream ends, and the next stream begins with them. A
        `/msanii/warn` about a param, such as a style that the engine does not know, comes with the next
        chunk and goes where the chunks are reported.

        src: clip name, audio file in the folder, last (the newest clip), input (the last seconds of
            the audio input) or current (what is playing; if nothing is, a new clip).
        ahead: audio to keep ready ahead of playback (1 to 30 s).
        chunk: length of each chunk (1 to 30 s).
        mix: sets stream.mix (0 to 1).
        target: sets stream.target.
        engine: engine to use; the default one if absent.
        at: when it starts, if nothing is playing: none (at once), the next beat or bar, or a number
            of beats from now.
        midi: notes to play: take (the MIDI input), or the name of a MIDI take or file; none returns
            to audio.
        accompany: parts to play to the audio input: drums, bass, chords, lead, pad; none ends that.
        timbre: instrument or kit; the notes' own programs if absent or none.
        timbre2: second instrument, to morph towards; none removes it.
        program: General MIDI program for all notes, from 0 (0 to 127).
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
                    accompany=accompany,
                    timbre=timbre,
                    timbre2=timbre2,
                    program=program,
                )
            ),
        )

    def stream_stop(
        self, *, at: Literal["none", "beat", "bar"] | float = "none", fade: float = 0.02
    ) -> list[types.DoneRow]:
        """Stop the stream.

        at: when the fade-out begins: none (at once), the next beat or bar, or a number of beats
            from now.
        fade: length of the fade-out, at least 5 ms (0 to 60 s).
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.StreamStop, at=at, fade=fade))
        )

    def param_stream_mix(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how far the next chunks move towards the target.

        value: 0 is none of the target, 1 is all of it (0 to 1).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamMix, value=value, time=time, shape=shape)),
        )

    def param_stream_target(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the clip that the next chunks move towards.

        value: clip name, or none.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamTarget, value=value, time=time, shape=shape)),
        )

    def param_stream_strength(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how much of the blend with the target is regenerated.

        value: 0 is the plain blend, 1 keeps little of it (0 to 1).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamStrength, value=value, time=time, shape=shape)),
        )

    def param_stream_steps(
        self,
        value: int | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.IntParamRow]:
        """Set or return the denoising steps of the next chunks.

        value: steps; 0 is the engine's default (0 to 1000).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.IntParamRow]",
            self.ask(build_command(commands.StreamSteps, value=value, time=time, shape=shape)),
        )

    def param_stream_seed(
        self,
        value: int | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.IntParamRow]:
        """Set or return the seed of the next chunks.

        value: seed, to which each chunk adds its index; -1 is a random seed for each chunk (-1 to
            16777215).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.IntParamRow]",
            self.ask(build_command(commands.StreamSeed, value=value, time=time, shape=shape)),
        )

    def param_stream_density(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return how many notes and hits the next chunks have.

        value: 0 is sparse, 1 is full; -1 leaves it to the engine (-1 to 1).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamDensity, value=value, time=time, shape=shape)),
        )

    def param_stream_style(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the style of the next chunks.

        value: a style that the engine knows, or none, which leaves it to the engine.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamStyle, value=value, time=time, shape=shape)),
        )

    def param_stream_key(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the key of the next chunks.

        value: musical key, such as C, Am or 'D dorian', or none, which leaves it to the engine.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamKey, value=value, time=time, shape=shape)),
        )

    def param_stream_chords(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the chords of the next chunks, which go round.

        value: a chord for each bar, such as 'Am F C G', or 'Am:2 Bb/D:2' for two bars each; none
            leaves them to the engine.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamChords, value=value, time=time, shape=shape)),
        )

    def param_stream_parts(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the parts that sound in the next chunks, so as to mute or solo them.

        Muted parts are composed all the same and come back where they would be.

        value: parts that sound: drums, bass, chords, lead, pad; none or all is every part.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamParts, value=value, time=time, shape=shape)),
        )

    def param_stream_drive(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the saturation of the next chunks of a stream that plays notes.

        value: 0 is clean, 1 is full (0 to 1).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamDrive, value=value, time=time, shape=shape)),
        )

    def param_stream_space(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the room of the next chunks of a stream that plays notes.

        value: 0 is dry, 1 is far away (0 to 1).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.StreamSpace, value=value, time=time, shape=shape)),
        )

    def param_stream_prompt_a(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the prompt of the next chunks.

        With `stream.prompt.b`, `stream.mix` is where between the two prompts they are. Engines that do
        not weigh prompts follow the nearer one.

        value: free text, or none.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamPromptA, value=value, time=time, shape=shape)),
        )

    def param_stream_prompt_b(
        self,
        value: str | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.TextParamRow]:
        """Set or return the prompt towards which `stream.mix` moves the next chunks.

        value: free text, or none.
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.TextParamRow]",
            self.ask(build_command(commands.StreamPromptB, value=value, time=time, shape=shape)),
        )

    def param_output_gain(
        self,
        value: float | None = None,
        *,
        time: float = 0.0,
        shape: Literal["linear", "exp", "ease"] = "linear",
    ) -> list[types.FloatParamRow]:
        """Set or return the level of the whole output. With `time` it glides, exact to a frame.

        value: level; -90 is silence (-90 to 12 dB).
        time: how long the param takes to reach the value (0 to 4096 beats).
        shape: course of the change: linear, exp (slow at first) or ease (slow at both ends).
        """
        return cast(
            "list[types.FloatParamRow]",
            self.ask(build_command(commands.OutputGain, value=value, time=time, shape=shape)),
        )

    def clip_list(self, *, page: int = 1) -> list[types.ClipEntryRow]:
        """List the clips, newest first, 50 on a page.

        page: page, from 1 (1 to 1000000).
        """
        return cast(
            "list[types.ClipEntryRow]", self.ask(build_command(commands.ClipList, page=page))
        )

    def clip_info(self, name: str) -> list[types.ClipInfoRow]:
        """Return the facts about one clip.

        name: clip name, or last (the newest clip).
        """
        return cast(
            "list[types.ClipInfoRow]", self.ask(build_command(commands.ClipInfoCommand, name=name))
        )

    def clip_load(
        self, path: str, *, clip: str = "", bpm: float | None = None
    ) -> list[types.DoneRow]:
        """Import an audio file of the shared folder as a clip.

        path: file in the shared folder.
        clip: name of the clip; the file's name if absent.
        bpm: tempo of the file, if known (20 to 300 bpm).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.ClipLoad, path=path, clip=clip, bpm=bpm)),
        )

    def clip_save(
        self,
        name: str,
        path: str,
        *,
        bits: int | None = None,
        format: Literal["", "wav", "flac", "aiff"] = "",
        rate: int | None = None,
    ) -> list[types.DoneRow]:
        """Write a copy of a clip to a path in the shared folder. Your own files are never replaced.

        name: clip name, or last (the newest clip).
        path: file in the shared folder, ending in .wav, .flac or .aiff.
        bits: bits per sample: 16, 24, or 32 (floating point; not FLAC); the most if absent (16 to
            32).
        format: kind of file; the path's ending if absent.
        rate: sample rate in Hz; the clip's if absent (44100 to 96000).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
                build_command(
                    commands.ClipSave, name=name, path=path, bits=bits, format=format, rate=rate
                )
            ),
        )

    def clip_rename(self, name: str, to: str) -> list[types.DoneRow]:
        """Rename a clip, with its notes and stems.

        name: clip name, or last (the newest clip).
        to: new name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.ClipRename, name=name, to=to))
        )

    def clip_free(self, name: str, *, delete: int = 0) -> list[types.DoneRow]:
        """Remove a clip from the list. Its files stay in the folder and are found at the next start.

        With `delete 1` they go to the trash, with its notes and stems. `/msanii/undo` brings the clip
        back either way. The trash keeps 2 GB for 30 days. A file that is your own is never deleted.

        name: clip name, or last (the newest clip).
        delete: 1: move its files to the trash (0 to 1).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.ClipFree, name=name, delete=delete)),
        )

    def clip_star(self, name: str, on: int = 1) -> list[types.DoneRow]:
        """Mark a clip as chosen, or not. `--keep-gb` never deletes a chosen one.

        name: clip name, or last (the newest clip).
        on: 1: chosen, 0: not (0 to 1).
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.ClipStar, name=name, on=on))
        )

    def clip_parents(self, name: str) -> list[types.ClipParentRow]:
        """List what a clip was made from: its sources, what those were made from, and so on.

        name: clip name, or last (the newest clip).
        """
        return cast(
            "list[types.ClipParentRow]", self.ask(build_command(commands.ClipParents, name=name))
        )

    def clip_crop(
        self, name: str, start: float, end: float, *, clip: str = ""
    ) -> list[types.DoneRow]:
        """Crop a clip: a span of it becomes a new clip, with its notes and the same samples.

        `/msanii/clip/info` is sent before the answer.

        name: clip name, or last (the newest clip).
        start: start of the span (0 to 3600 s).
        end: end of the span (0 to 3600 s).
        clip: name of the new clip; generated if absent.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.ClipCrop, name=name, start=start, end=end, clip=clip)),
        )

    def undo(self) -> list[types.DoneRow]:
        """Undo what you did last: naming, freeing or replacing a clip, or changing a param.

        Each client undoes its own changes, up to 100 of them. A client is known by where its replies
        go; the pages of one machine are one client. A MIDI control that is mapped to undo acts on what
        was done last by anyone. A clip that was replaced comes back from the trash, and the one in its
        place goes there. A change that meets a taken name can be undone once that name is free.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Undo)))

    def redo(self) -> list[types.DoneRow]:
        """Do again what you undid last."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Redo)))

    def undo_list(self) -> list[types.UndoEntryRow]:
        """List what you can undo, the next one first, and then what you can do again."""
        return cast("list[types.UndoEntryRow]", self.ask(build_command(commands.UndoList)))

    def scene_save(self, name: str) -> list[types.DoneRow]:
        """Save params, stream, tempo, MIDI mappings, loops and the automation that plays, as a scene.

        A scene is a file `scenes/NAME.json` in the shared folder. An earlier scene of that name is
        replaced, unless its file was edited by hand.

        name: name of the scene: letters, digits, '_', '.' and '-'.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.SceneSave, name=name)))

    def scene_load(self, name: str, *, time: float = 0.0) -> list[types.DoneRow]:
        """Return to a scene, at once or over some beats.

        Over that time numbers glide, tempo included, and loops crossfade. What cannot glide, such as a
        style, changes at the start. So two scenes are morphed by loading one and then the other.

        name: name of the scene: letters, digits, '_', '.' and '-'.
        time: how long the change takes (0 to 4096 beats).
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.SceneLoad, name=name, time=time))
        )

    def scene_free(self, name: str) -> list[types.DoneRow]:
        """Delete a scene. A file that was edited by hand is left alone.

        name: name of the scene: letters, digits, '_', '.' and '-'.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.SceneFree, name=name)))

    def scene_list(self) -> list[types.SceneEntryRow]:
        """List the scenes."""
        return cast("list[types.SceneEntryRow]", self.ask(build_command(commands.SceneList)))

    def map_learn(
        self,
        param: str,
        *,
        control: Literal["", "cc", "note", "pressure"] = "",
        low: float | None = None,
        high: float | None = None,
    ) -> list[types.DoneRow]:
        """Map the next MIDI control that is moved to a param or a command.

        The answer comes at once. `/msanii/map/entry` comes when a control has been moved, to you and to
        the topic `map`. A controller moves a param only once it has reached the param's value, so that
        nothing jumps. A command is sent when a note begins or a controller passes its middle upwards.
        Mappings are kept in the shared folder. `page.NAME` maps a dial or slider of the web page.

        param: a param, such as stream.mix, or a command, such as 'play loop1 loop 1'.
        control: kind of control: cc, note, or pressure (aftertouch); the first that is moved if
            absent.
        low: value at the control's lower end; the param's least if absent (-1000000 to 1000000).
        high: value at its upper end; the param's largest if absent (-1000000 to 1000000).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(
                build_command(commands.MapLearn, param=param, control=control, low=low, high=high)
            ),
        )

    def map_list(self) -> list[types.MapEntryRow]:
        """List the mappings of MIDI controls."""
        return cast("list[types.MapEntryRow]", self.ask(build_command(commands.MapList)))

    def map_free(self, param: str) -> list[types.DoneRow]:
        """Remove the mappings to a param or command, or all. A learn that waits ends, too.

        param: param or command, as it was learnt, or all.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.MapFree, param=param)))

    def automation_record(self, name: str, *, overdub: int = 0) -> list[types.DoneRow]:
        """Record every change of a param from now on, with its beat, whoever makes it.

        Beats count from the last bar line. `/msanii/automation/stop` ends the recording at the next bar
        line and keeps it as a file `automation/NAME.json` in the shared folder. With `overdub` the
        automation repeats meanwhile: from a param's first new change on, until the end of that pass or
        of the recording, its earlier changes are replaced.

        name: name of the automation: letters, digits, '_', '.' and '-'.
        overdub: 1: over what is recorded under that name (0 to 1).
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.AutomationRecord, name=name, overdub=overdub)),
        )

    def automation_play(
        self, name: str, *, loop: int = 1, at: Literal["none", "beat", "bar"] | float = "bar"
    ) -> list[types.DoneRow]:
        """Play recorded changes of params in time with the transport.

        One automation plays at a time. It follows the tempo, and stands still while the transport does.
        Other changes of a param count until the next one that is played. A change is set some
        milliseconds after its beat, not on its audio frame, since the next chunk of the stream uses it.

        name: name of the automation: letters, digits, '_', '.' and '-'.
        loop: 1: repeat until stopped (0 to 1).
        at: when it starts: none (at once), the next beat or bar, or a number of beats from now.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.AutomationPlay, name=name, loop=loop, at=at)),
        )

    def automation_stop(self) -> list[types.DoneRow]:
        """End and keep what is being recorded, and end what is being played."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.AutomationStop)))

    def automation_free(self, name: str) -> list[types.DoneRow]:
        """Delete an automation, or drop the one that is being recorded. Files edited by hand stay.

        name: name of the automation: letters, digits, '_', '.' and '-'.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.AutomationFree, name=name))
        )

    def automation_list(self) -> list[types.AutomationEntryRow]:
        """List the automation in the shared folder, and what is recorded or played."""
        return cast(
            "list[types.AutomationEntryRow]", self.ask(build_command(commands.AutomationList))
        )

    def job_list(self) -> list[types.JobEntryRow]:
        """List the jobs that run or wait."""
        return cast("list[types.JobEntryRow]", self.ask(build_command(commands.JobList)))

    def job_cancel(self, job: str | int) -> list[types.DoneRow]:
        """Cancel a job. A running job ends within one denoising step.

        job: job number, your token, or all.
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.JobCancel, job=job)))

    def engine_list(self) -> list[types.EngineEntryRow]:
        """List the engines."""
        return cast("list[types.EngineEntryRow]", self.ask(build_command(commands.EngineList)))

    def engine_info(self, engine: str = "") -> list[types.EngineInfoRow]:
        """Return what an engine can do, one reply for each fact.

        engine: engine name; the default one if absent.
        """
        return cast(
            "list[types.EngineInfoRow]", self.ask(build_command(commands.EngineInfo, engine=engine))
        )

    def engine_load(self, engine: str) -> list[types.DoneRow]:
        """Load an engine into memory.

        engine: engine name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.EngineLoad, engine=engine))
        )

    def engine_free(self, engine: str) -> list[types.DoneRow]:
        """Unload an engine and free its memory. The next command that uses it loads it again.

        engine: engine name.
        """
        return cast(
            "list[types.DoneRow]", self.ask(build_command(commands.EngineFree, engine=engine))
        )

    def lora_load(self, name: str, weight: float = 1.0, *, engine: str = "") -> list[types.DoneRow]:
        """Load a LoRA into an engine, or change its weight. It holds from the next job on.

        It is the file NAME.safetensors in the folder `loras` of the models' folder.

        name: name of the LoRA: that of its file without .safetensors.
        weight: how much it changes: 0 nothing, 1 as it was trained (-4 to 4).
        engine: engine that it changes; the default one if absent.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.LoraLoad, name=name, weight=weight, engine=engine)),
        )

    def lora_free(self, name: str, *, engine: str = "") -> list[types.DoneRow]:
        """Unload a LoRA from an engine.

        name: name of a LoRA that is loaded, or all.
        engine: engine that it changes; the default one if absent.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.LoraFree, name=name, engine=engine)),
        )

    def lora_list(self, *, engine: str = "") -> list[types.LoraEntryRow]:
        """List an engine's LoRAs: those that are loaded, and with weight 0 those that could be.

        engine: engine that it changes; the default one if absent.
        """
        return cast(
            "list[types.LoraEntryRow]", self.ask(build_command(commands.LoraList, engine=engine))
        )

    def worker_list(self) -> list[types.WorkerEntryRow]:
        """List the workers that run engines; without any, the server itself."""
        return cast("list[types.WorkerEntryRow]", self.ask(build_command(commands.WorkerList)))

    def notify(self, on: int, port: int = 0, *, topics: str = "") -> list[types.DoneRow]:
        """Register a port of this host for replies.

        The registration lasts 60 s. Any message from the host renews it.

        on: 1: register; 0: end the registration (0 to 1).
        port: UDP port; the port of the sender if 0 or absent (0 to 65535).
        topics: what else to receive: jobs (the job replies of every client), stream (what the
            stream reports), map (each control that is learnt), or several of them.
        """
        return cast(
            "list[types.DoneRow]",
            self.ask(build_command(commands.Notify, on=on, port=port, topics=topics)),
        )

    def sync(self, number: str | int = "") -> list[types.SyncedRow]:
        """Answer when every earlier command of the same client has ended.

        A client is identified by where its replies go.

        number: any number or word, echoed in the answer (at most 128 characters).
        """
        return cast("list[types.SyncedRow]", self.ask(build_command(commands.Sync, number=number)))

    def ping(self) -> list[types.PongRow]:
        """Answer at once."""
        return cast("list[types.PongRow]", self.ask(build_command(commands.Ping)))

    def status(self) -> list[types.StatusRow]:
        """Return the state and load of the server."""
        return cast("list[types.StatusRow]", self.ask(build_command(commands.Status)))

    def version(self) -> list[types.VersionRow]:
        """Return the versions of the server and of this protocol."""
        return cast("list[types.VersionRow]", self.ask(build_command(commands.Version)))

    def caps(self) -> list[types.CapsRow]:
        """Return the server's capabilities and counters, one reply for each fact.

        `first-sound-ms-ENGINE` and `file-ms-ENGINE` tell what a patch waits for: the milliseconds from
        the start of a job to its sound and to its file, in the median of the engine's last 20 jobs.
        """
        return cast("list[types.CapsRow]", self.ask(build_command(commands.Caps)))

    def dump(self, on: int = 1, *, last: int = 0) -> list[types.DoneRow]:
        """Send this client a line about every message that the server receives.

        It ends 60 s after the last message of this host.

        on: 1: begin; 0: end (0 to 1).
        last: number of earlier lines to send first (0 to 200).
        """
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Dump, on=on, last=last)))

    def clearsched(self) -> list[types.DoneRow]:
        """Discard every command that waits for its time tag."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.ClearSched)))

    def quit(self) -> list[types.DoneRow]:
        """Stop the server. Only this machine may send it."""
        return cast("list[types.DoneRow]", self.ask(build_command(commands.Quit)))
