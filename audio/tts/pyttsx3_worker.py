"""The process in which pyttsx3 speaks: a line `path TAB language TAB text` in, `ok` or why not out.

The eSpeak NG library comes from the espeakng-loader package: it is loaded with global visibility
before pyttsx3 is imported, so that the later open by its name finds the copy in memory.
"""

import ctypes
import os
import sys


def main() -> None:
    """Speak each line that comes in, until the input ends."""
    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    import pyttsx3

    engine = pyttsx3.init("espeak")
    for line in sys.stdin:
        path, language, text = line.rstrip("\n").split("\t", 2)
        _answer(engine, path, language, text)


def _answer(engine, path: str, language: str, text: str) -> None:  # type: ignore[no-untyped-def]
    try:
        engine.setProperty("voice", language)
        engine.save_to_file(text, path)
        engine.runAndWait()
        print("ok", flush=True)  # noqa: T201
    except Exception as error:  # whatever it is, the parent must hear of it  # noqa: BLE001
        print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
