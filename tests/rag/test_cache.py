"""The cache: nothing is done twice, damage is passed over, and it does not grow without bound."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag import parts
from rag.cache import Cache
from rag.chunking import Cut
from rag.document import Document
from rag.kept_vectors import passage_key
from rag.parsed import Parsed
from rag.spans import Chunking, Span

DIMENSION = 4


def vectors(count: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)


def keys(*texts: str) -> list[bytes]:
    return [passage_key(text) for text in texts]


def found(cache: Cache, *texts: str, embedder: str = "e", dimension: int = DIMENSION) -> tuple[list[bool], np.ndarray]:
    into = np.zeros((len(texts), dimension), dtype=np.float32)
    wanted = {key: n for n, key in enumerate(keys(*texts))}
    return cache.vectors(embedder=embedder, dimension=dimension).fill(wanted, into).tolist(), into


def test_a_file_is_parsed_once_for_its_content_and_parser(tmp_path: Path) -> None:
    cache, parsed = Cache(tmp_path), []

    def parse(text: str) -> Callable[[], Parsed]:
        def now() -> Parsed:
            parsed.append(text)
            return Parsed(text=text, title="T", pages=(0, 2), gaps=(("page 2", "is a picture"),))

        return now

    first = cache.parsed(b"one", "pdf 1", parse("lamp"))
    assert cache.parsed(b"one", "pdf 1", parse("lamp")) == first
    cache.parsed(b"two", "pdf 1", parse("chair"))
    cache.parsed(b"one", "pdf 2", parse("lamp again"))
    assert parsed == ["lamp", "chair", "lamp again"]
    for path in (tmp_path / "parsed").iterdir():
        path.write_bytes(path.read_bytes()[:-9] + b"x")
    assert cache.parsed(b"one", "pdf 1", parse("lamp")) == first
    assert parsed[-1] == "lamp"


def test_cuts_are_found_again_with_the_same_settings_alone(tmp_path: Path) -> None:
    cut = Cut((Span(0, 5, "", "Ä > B", 1), Span(6, 9, "A > B", "Ä > B", 1)), (Span(0, 9, "", "Ä > B"),))
    document, other = Document("a", "lamp\tand\nchair"), Document("b", "x")
    cuts = Cache(tmp_path).cuts(Chunking(20, 4), embedder="e")
    cuts.add(document, cut)
    cuts.flush()
    again = Cache(tmp_path).cuts(Chunking(20, 4), embedder="e")
    assert again.get(document) == cut
    assert again.get(replace(document, id="moved.txt")) == cut, "wherever it lies"
    assert again.get(replace(document, title="T")) is None
    assert again.get(other) is None
    for chunking in (Chunking(20, 5), Chunking(20, 4, kind="fixed"), Chunking(20, 4, parent_tokens=60)):
        assert Cache(tmp_path).cuts(chunking, embedder="e").get(document) is None
    assert Cache(tmp_path).cuts(Chunking(20, 4), embedder="f").get(document) is None
    (part,) = tmp_path.rglob("*.jsonl")
    part.write_text(part.read_text().replace("[0, 5,", "[0, 6,"))
    assert Cache(tmp_path).cuts(Chunking(20, 4), embedder="e").get(document) is None, "damaged"


def test_vectors_are_found_by_their_texts(tmp_path: Path) -> None:
    cache, made = Cache(tmp_path), vectors(3)
    kept = cache.vectors(embedder="e", dimension=DIMENSION)
    kept.add(keys("a", "b"), made[:2])
    kept.flush()
    kept.add(keys("c"), made[2:])
    assert found(cache, "c", "a")[0] == [False, True], "not written yet"
    kept.flush()
    there, got = found(cache, "c", "no", "a")
    assert there == [True, False, True]
    assert np.array_equal(got, np.stack([made[2], np.zeros(DIMENSION, np.float32), made[0]]))
    assert found(cache, "a", embedder="f")[0] == [False]
    assert found(cache, "a", dimension=5)[0] == [False]


def test_parts_that_are_damaged_or_foreign_are_passed_over(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = cache.vectors(embedder="e", dimension=DIMENSION)
    kept.add(keys("a"), vectors(1))
    kept.flush()
    (part,) = tmp_path.rglob("*.safetensors")
    good = part.read_bytes()
    damaged: Sequence[bytes] = (good[:-1], good[:40], b"", b"\x80\x04pickle", good[:-1] + bytes([good[-1] ^ 1]))
    for data in damaged:
        part.write_bytes(data)
        assert found(cache, "a")[0] == [False]
    part.write_bytes(good)
    assert found(cache, "a")[0] == [True]
    other = cache.vectors(embedder="f", dimension=DIMENSION)
    other.add(keys("a"), vectors(1, seed=1))
    other.flush()
    (foreign,) = (path for path in tmp_path.rglob("*.safetensors") if path != part)
    part.unlink()
    foreign.rename(part.parent / foreign.name)
    assert found(cache, "a")[0] == [False], "another embedder's part in this one's folder"


def test_many_small_parts_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, made = Cache(tmp_path), vectors(30)
    for n in range(30):
        kept = cache.vectors(embedder="e", dimension=DIMENSION)
        kept.add(keys(str(n)), made[n : n + 1])
        kept.flush()
        cuts = cache.cuts(Chunking(20), embedder="e")
        cuts.add(Document("a", str(n)), Cut((Span(n, n + 1),)))
        cuts.flush()
    for suffix in ("safetensors", "jsonl"):
        assert len(list(tmp_path.rglob(f"*.{suffix}"))) == 30
    cache.vectors(embedder="e", dimension=DIMENSION).tidy()
    cache.cuts(Chunking(20), embedder="e").tidy()
    for suffix in ("safetensors", "jsonl"):
        assert len(list(tmp_path.rglob(f"*.{suffix}"))) == 1
    there, got = found(cache, *map(str, range(30)))
    assert all(there)
    assert np.array_equal(got, made)
    again = cache.cuts(Chunking(20), embedder="e")
    assert all(again.get(Document("b", str(n))) == Cut((Span(n, n + 1),)) for n in range(30))


def test_work_is_written_every_few_seconds_and_when_there_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.kept_vectors.PART", 3)
    kept = Cache(tmp_path).vectors(embedder="e", dimension=DIMENSION)
    kept.add(keys("a", "b"), vectors(2))
    assert not list(tmp_path.rglob("*.safetensors"))
    kept.add(keys("c"), vectors(1))
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
    clock = time.monotonic() + parts.FLUSH_SECONDS + 1
    monkeypatch.setattr("rag.kept_vectors.time.monotonic", lambda: clock)
    kept.add(keys("d"), vectors(1))
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for n, name in enumerate("abcd"):
        path = tmp_path / "parsed" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (1000 + n, 1000 + n))
    unfinished = [tmp_path / "parsed" / name for name in (".old.part", ".new.part")]
    for path in unfinished:
        path.write_bytes(b"x")
    os.utime(unfinished[0], (1000, 1000))
    assert cache.trim(since=1003, most=250) == 201
    assert sorted(path.name for path in (tmp_path / "parsed").iterdir()) == [".new.part", "c", "d"]
    assert cache.trim(since=1003, most=0) == 100
    assert (tmp_path / "parsed" / "d").exists(), "used since then"
    assert cache.trim(since=time.time(), most=10**9) == 0


def test_nothing_is_pickled(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = cache.vectors(embedder="e", dimension=DIMENSION)
    kept.add(keys("a"), vectors(1))
    kept.flush()
    (part,) = tmp_path.rglob("*.safetensors")
    length = int.from_bytes(part.read_bytes()[:8], "little")
    header = json.loads(part.read_bytes()[8 : 8 + length])
    assert header.keys() == {"__metadata__", "keys", "vectors"}
