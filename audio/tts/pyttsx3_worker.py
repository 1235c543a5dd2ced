"""The process in which pyttsx3 speaks: a line `path TAB language TAB text` in, `ok` or why not out.

The eSpeak NG library comes from the espeakng-loader package: it is loaded with global visibility
before pyttsx3 is imported, so that the later open by its name finds the copy in memory.
"""

import ctypes
import os
import sys


def main() -> None:
    """Speak each line that comes in, until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # pyttsx3 prints to where the answers go
    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    import pyttsx3

    engine = pyttsx3.init("espeak")
    for line in sys.stdin:
        path, language, text = line.rstrip("\n").split("\t", 2)
        answers.write(_spoken(engine, path, language, text) + "\n")
        answers.flush()


def _spoken(engine, path: str, language: str, text: str) -> str:  # type: ignore[no-untyped-def]
    try:
        engine.setProperty("voice", language)
        engine.save_to_file(text, path)
        engine.runAndWait()
    except Exception as error:  # whatever it is, the parent must hear of it  # noqa: BLE001
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return "ok"


if __name__ == "__main__":
    main()
