"""Whoosh's file of terms (whoosh.filedb.filetables.OrderedHashWriter), written at one go.

Whoosh's own writer makes several calls and an MD5 sum per term; the format allows CRC-32 as well.
"""

from __future__ import annotations

import pickle
import struct
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAGIC = b"HSH3"
_CRC32 = 1
_HEADER = struct.Struct("!4sbii")
_SIZES = struct.Struct("!ii")
_SLOT = struct.Struct("!Iq")
_TABLE = struct.Struct("!qi")
_TABLES = 256


def term_file(keys: Sequence[bytes], values: Sequence[bytes], extras: dict[str, Any]) -> Iterable[bytes]:
    """The file, piece by piece: a header, (sizes, key, value) of each term, 256 hash tables of their
    places, a directory of the tables, `extras`, and the places in the order of the keys, which ascend.
    """
    yield _HEADER.pack(_MAGIC, _CRC32, 0, 0)
    sizes = np.array([(len(key), len(value)) for key, value in zip(keys, values, strict=True)], ">i4")
    packed = sizes.tobytes()
    heads = (packed[start : start + _SIZES.size] for start in range(0, len(packed), _SIZES.size))
    yield b"".join(chain.from_iterable(zip(heads, keys, values, strict=True)))
    ends = _HEADER.size + np.cumsum(_SIZES.size + sizes.reshape(-1, 2).sum(axis=1, dtype=np.int64))
    places = np.append(_HEADER.size, ends)
    tables = _hash_tables(keys, places[:-1].tolist())
    position, directory = int(places[-1]), []
    for table in tables:
        directory.append(_TABLE.pack(position, len(table)))
        position += len(table) * _SLOT.size
    yield from (b"".join(table) for table in tables)
    yield b"".join(directory)
    tail = pickle.dumps(extras | {"indextype": "q", "indexlen": len(keys)}, 2)
    tail += places[:-1].astype(">i8").tobytes()
    yield tail + len(tail).to_bytes(4, "big")


def _hash_tables(keys: Sequence[bytes], places: Sequence[int]) -> list[list[bytes]]:
    """256 tables of packed (hash, place), each half empty: a key stands in the first free slot from the
    one its hash names.
    """
    buckets: list[list[tuple[int, int]]] = [[] for _ in range(_TABLES)]
    for key, place in zip(keys, places, strict=True):
        code = zlib.crc32(key)
        buckets[code & 255].append((code, place))
    empty, pack = _SLOT.pack(0, 0), _SLOT.pack
    tables = []
    for bucket in buckets:
        count = 2 * len(bucket)
        table = [empty] * count
        for code, place in bucket:
            slot = (code >> 8) % count
            while table[slot] is not empty:
                slot = (slot + 1) % count
            table[slot] = pack(code, place)
        tables.append(table)
    return tables
