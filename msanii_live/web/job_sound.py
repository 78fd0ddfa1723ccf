"""The sound of a job's clip over HTTP, from its first span on, while the rest is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from aiohttp import web

from msanii_live.audio import Samples
from msanii_live.jobs.partial_clips import PartialClip, Progress
from msanii_live.library.audio_encoding import wav_header
from msanii_live.web.security import json_error, response_headers

MAX_READERS = 16  # at a time: each may keep the samples of a clip in memory
PATIENCE = 30.0  # s, besides the clip's length, in which an answer must be read once it can be
_BLOCK = 65_536  # bytes, between which other requests have their turn
_LOOK_INTERVAL = 1.0  # s between looks whether who asked is still there
NUMBER_PATTERN = r"{job:\d{1,9}|last}"

log = logging.getLogger("msanii_live.web")


class PartialSource(Protocol):
    """What has the clips of jobs as far as they are made; see `PartialClips`."""

    def get(self, number: int | None) -> PartialClip | None:
        """Return the clip of a job, None if it is unknown. number: None for the newest."""


class _Gone(Exception):
    """The end of a connection, or of a clip that will never be whole."""


class JobSounds:
    """The sounds of jobs, for at most `MAX_READERS` requests at a time.

    A request never holds a job up: the job leaves its spans and goes on.
    """

    def __init__(
        self,
        partials: PartialSource,
        file_of: Callable[[str, str], Path | None],
        patience: float = PATIENCE,
    ) -> None:
        """Take the clips of jobs.

        file_of: returns a clip's file by its name and BLAKE2b hash, "" for any. patience: see
        `PATIENCE`.
        """
        self._partials = partials
        self._file_of = file_of
        self._patience = patience
        self._readers = 0

    def add_routes(self, app: web.Application) -> None:
        """Serve them as `/jobs/NUMBER.wav`, and the newest as `/jobs/last.wav`."""
        app.router.add_get(rf"/jobs/{NUMBER_PATTERN}.wav", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["job"]
        partial = self._partials.get(None if asked == "last" else int(asked))
        if partial is None:
            return json_error(404, f"no job {asked} is known: it ended long ago, or never was")
        if self._readers >= MAX_READERS:
            text = f"{MAX_READERS} requests listen to jobs already: end one, or try again later"
            return json_error(503, text)
        self._readers += 1
        reading = _Reading(request, partial, self._patience)
        try:
            return await self._send(request, partial, reading)
        except (_Gone, TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()  # so that nobody takes what was sent for the whole
            return web.Response(status=499)
        finally:
            reading.close()
            self._readers -= 1

    async def _send(
        self, request: web.Request, partial: PartialClip, reading: _Reading
    ) -> web.StreamResponse:
        headers = {"Content-Disposition": f'inline; filename="{partial.name}.wav"'}
        progress = await reading.first()
        if progress.failure:
            return json_error(410, f"the job made no clip: {progress.failure}")
        if progress.is_ended:  # its engine hands nothing over, or the request came late
            path = self._file_of(partial.name, progress.blake2b)
            if path is None or not path.is_file():
                text = f"the clip {partial.name} of this job has no file of that name any more"
                return json_error(404, text)
            return web.FileResponse(path, headers={**headers, "Content-Type": "audio/wav"})
        assert progress.plan is not None
        frames, channels = progress.plan.frames, progress.spans[0].shape[1]
        head = wav_header(frames, channels, progress.plan.sample_rate)
        headers |= {"Content-Type": "audio/wav", "Accept-Ranges": "none"}
        answer = web.StreamResponse(headers={**response_headers(request), **headers})
        answer.content_length = len(head) + 4 * channels * frames
        async with asyncio.timeout(None) as limit:
            reading.set_limit(limit)
            await answer.prepare(request)
            if request.method == "HEAD":
                return answer
            await answer.write(head)
            async for span in reading.spans(progress.attempt):
                data = np.ascontiguousarray(span, "<f4").data.cast("B")
                for place in range(0, len(data), _BLOCK):
                    await answer.write(data[place : place + _BLOCK])
                    await asyncio.sleep(0)
        return answer


class _Reading:
    """One request's reading of a clip that is made."""

    def __init__(self, request: web.Request, partial: PartialClip, patience: float) -> None:
        self._request = request
        self._partial = partial
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._stop = partial.listen(self._wake)

    def close(self) -> None:
        """Let go of the clip."""
        self._limit = None
        self._stop()

    def set_limit(self, limit: asyncio.Timeout) -> None:
        """Set what ends the answer, if it is not read although all is there."""
        self._limit = limit
        self._tell()

    async def first(self) -> Progress:
        """Wait for the first span or the job's end."""
        while not ((now := self._partial.progress).spans or now.is_ended):
            await self._wait()
        return now

    async def spans(self, attempt: int) -> AsyncIterator[Samples]:
        """Yield all spans of a clip. Raises: _Gone: it will not be whole, or is begun anew."""
        count = frames = 0
        while True:
            now = self._partial.progress
            if now.attempt != attempt or now.plan is None:
                raise _Gone
            for span in now.spans[count:]:
                count += 1
                frames += len(span)
                yield span
            if frames >= now.plan.frames:
                return
            if now.is_ended:
                raise _Gone
            await self._wait()

    async def _wait(self) -> None:
        """Wait for news. Raises: _Gone: nobody waits for the answer any more."""
        if self._request.transport is None or self._request.transport.is_closing():
            raise _Gone
        try:
            await asyncio.wait_for(self._news.wait(), _LOOK_INTERVAL)
        except TimeoutError:
            return
        self._news.clear()

    def _wake(self) -> None:
        """Pass on that there is news; the job's thread calls it."""
        try:
            self._loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # the server has ended
            log.debug("nobody is told of a span: the event loop has ended")

    def _tell(self) -> None:
        self._news.set()
        progress, limit = self._partial.progress, self._limit
        if limit is None or limit.when() is not None or progress.plan is None:
            return
        if progress.is_ended or sum(map(len, progress.spans)) >= progress.plan.frames:
            seconds = progress.plan.frames / progress.plan.sample_rate
            limit.reschedule(self._loop.time() + seconds + self._patience)
