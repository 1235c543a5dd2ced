"""How fast recognition is on this machine: one utterance, many at once in threads and processes, memory."""

import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache

from audio.asr.moonshine import Moonshine
from audio.pcm import RATE, Pcm
from ivr.cli.bench.figures import Figures
from ivr.dialog.actions import Expect

Utterance = tuple[Pcm, Expect]
NEAR_S = (2.2, 3.0)
"""Utterances that count as 2.6 s long, with the line noise around them."""
MOST_NEAR, MOST = 24, 64
WORKERS = 2
ROUNDS = 3
FREELY = Expect("text")
ALONE = """
import pathlib, re
from audio.asr.moonshine import Moonshine
engine = Moonshine()
for _ in range(5):
    engine.warm_up()
print(re.search("VmRSS:\\s+([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


@cache
def _recogniser() -> Moonshine:
    recogniser = Moonshine()
    recogniser.warm_up()
    return recogniser


def _recognise(utterance: Utterance) -> float:
    """Return the CPU milliseconds that an utterance takes."""
    pcm, expect = utterance
    began = time.thread_time()
    _recogniser().transcribe(pcm, RATE, expect)
    return (time.thread_time() - began) * 1000


def load_figures(utterances: Sequence[Utterance]) -> Figures:
    """Return milliseconds an utterance, utterances a second in threads and in processes, and memory."""
    near = [one for one in utterances if NEAR_S[0] <= len(one[0]) / RATE <= NEAR_S[1]][:MOST_NEAR]
    for one in near:
        _recognise(one)  # the grammars of the nodes are known, as in a hotline that has run for a while
    spent = sorted(min(_recognise(one) for _ in range(ROUNDS)) for one in near)
    plain = [min(_recognise((pcm, FREELY)) for _ in range(ROUNDS)) for pcm, _ in near]
    utterances = utterances[:MOST]
    context = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(WORKERS) as threads:
        in_threads = _per_second(threads, utterances)
    with ProcessPoolExecutor(WORKERS, mp_context=context) as processes:
        in_processes = _per_second(processes, utterances)
    return {
        "recognition of 2.6 s on one core, CPU ms, median (goal 60)": round(statistics.median(spent), 1),
        "recognition of 2.6 s on one core, CPU ms, 95 %": round(spent[int(len(spent) * 0.95)], 1),
        "the same by free decoding alone, CPU ms, median": round(statistics.median(plain), 1),
        "utterances measured": len(near),
        "seconds of an utterance, mean": round(statistics.mean(len(p) / RATE for p, _ in utterances), 2),
        "utterances a second, two threads (goal 30)": round(in_threads, 1),
        "utterances a second, two processes (goal 30)": round(in_processes, 1),
        "memory of a process with the English recogniser, MB (goal 200)": _memory_mb(),
    }


def _per_second(pool: Executor, utterances: Sequence[Utterance]) -> float:
    list(pool.map(_recognise, utterances[: 4 * WORKERS]))
    began = time.perf_counter()
    list(pool.map(_recognise, utterances))
    return len(utterances) / (time.perf_counter() - began)


def _memory_mb() -> int:
    """Return what a process holds that does nothing but recognise English."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout) // 1024
