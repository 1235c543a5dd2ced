"""The process in which pyttsx3 speaks: a line of JSON in (path, voice, rate, text), `ok` or why not out.

The eSpeak NG library comes from the espeakng-loader package: it is loaded with global visibility
before pyttsx3 is imported, so that the later open by its name finds the copy in memory.
"""

import ctypes
import json
import os
import sys
import threading
import time
from pathlib import Path

ORPHAN_S = 2.0
TRIES = 5
"""pyttsx3 now and then writes a file with no audio and says nothing of it."""
WAV_HEADER = 44


def main() -> None:
    """Speak each line that comes in, until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # pyttsx3 prints to where the answers go
    threading.Thread(target=_end_when_orphaned, args=(os.getppid(),), daemon=True).start()
    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    import pyttsx3

    engine = pyttsx3.init("espeak")
    for line in sys.stdin:
        answers.write(_spoken(engine, **json.loads(line)) + "\n")
        answers.flush()


def _spoken(engine, path: str, voice: str, rate: int, text: str) -> str:  # type: ignore[no-untyped-def]
    try:
        engine.proxy._driver.setProperty("voice", voice)  # at once: the engine's own way hides a failure
    except ValueError:
        return f"eSpeak NG has no voice '{voice}'"
    try:
        for _ in range(TRIES):
            _save(engine, path, rate, text)
            if Path(path).stat().st_size > WAV_HEADER:
                return "ok"
    except Exception as error:  # whatever it is, the parent must hear of it  # noqa: BLE001
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return "the file is empty"


def _save(engine, path: str, rate: int, text: str) -> None:  # type: ignore[no-untyped-def]
    from pyttsx3.drivers import _espeak

    engine.setProperty("rate", rate)
    engine.save_to_file(text, path)
    engine.runAndWait()
    _espeak.Synchronize()  # it comes back before the audio is there


def _end_when_orphaned(parent: int) -> None:
    """End this process when its parent is gone, even if pyttsx3 hangs."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_S)
    os._exit(1)


if __name__ == "__main__":
    main()
