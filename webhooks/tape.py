"""Both sides of a call on their way to disk, where the settings ask for it. Never in the way of the call.

One thread writes for all calls of the process, in order; a disk that fails costs the rest of that
recording, nothing else.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from audio.conversation import ConversationFile
from audio.pcm import from_ulaw
from ivr.service.recordings import Recordings

log = structlog.get_logger(__name__)
_writer = ThreadPoolExecutor(1, thread_name_prefix="tape")


class Tape:
    """The recording of one call. Times are milliseconds since it began."""

    def __init__(self, recordings: Recordings, call: str, began_ms: float) -> None:
        self._recordings, self._call, self._began_ms = recordings, call, began_ms
        self._name, path = recordings.new_path()
        self._file: Future[ConversationFile] = _writer.submit(ConversationFile, path)
        self._broken = False

    def caller(self, ulaw: bytes, now_ms: float) -> None:
        """Keep what the caller said."""
        self._do(lambda file: file.caller(from_ulaw(ulaw), now_ms - self._began_ms))

    def hotline(self, ulaw: bytes, now_ms: float) -> None:
        """Keep what the hotline sends."""
        self._do(lambda file: file.hotline(from_ulaw(ulaw), now_ms - self._began_ms))

    def cleared(self, now_ms: float) -> None:
        """The caller does not hear what was sent and not yet played."""
        self._do(lambda file: file.cleared(now_ms - self._began_ms))

    def close(self, now_ms: float) -> None:
        """Write the rest, and note the recording."""

        def end(file: ConversationFile) -> None:
            self._recordings.written(self._name, self._call, file.close(now_ms - self._began_ms))

        self._do(end)

    def _do(self, work: Callable[[ConversationFile], None]) -> None:
        _writer.submit(self._guarded, work)

    def _guarded(self, work: Callable[[ConversationFile], None]) -> None:
        if self._broken:
            return
        try:
            work(self._file.result())
        except Exception as error:  # a recording is never worth a call  # noqa: BLE001
            self._broken = True
            log.error("call not recorded any further", call=self._call, error=str(error))
