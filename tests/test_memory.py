"""What the C library keeps of freed memory goes back, and what stays is not looked through each time."""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from pathlib import Path

import pytest

from tests.fixtures.served import make_settings
from web import chores, memory

MIB = 1 << 20


def resident() -> int:
    """MiB that this process holds for itself."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_freed_memory_goes_back(monkeypatch):
    library = ctypes.CDLL(None)
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [library.malloc(4096) for _ in range(64 * MIB // 4096)]
    for block in blocks:
        ctypes.memset(block, 1, 4096)
    full = resident()
    for block in blocks[:-1]:  # the last one holds the end of the heap
        library.free(block)
    spare = memory.Spare()
    assert not spare.give_back()
    assert full - resident() < 16
    soon = time.monotonic() + memory.SECONDS
    monkeypatch.setattr(memory.time, "monotonic", lambda: soon)
    assert spare.give_back()
    assert full - resident() > 48
    assert not spare.give_back()
    library.free(blocks[-1])


def test_the_index_writer_gives_memory_back_too(monkeypatch, tmp_path):
    found = threading.Event()

    def every(seconds, stopped, chore):
        if getattr(chore, "__func__", None) is memory.Spare.give_back and seconds == memory.SECONDS:
            found.set()

    monkeypatch.setattr(chores, "every", every)
    chores.start_chores(make_settings(tmp_path), None, threading.Event())
    assert found.wait(10)


def test_what_a_process_consists_of_is_out_of_the_collector_s_sight():
    before, kept = gc.get_threshold(), gc.get_freeze_count()
    try:
        memory.settle()
        assert gc.get_freeze_count() > kept + 10_000
        assert len(gc.get_objects()) < 1_000
        assert gc.get_threshold() == memory.PASSES
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
