"""Patterns of a data package end in time, in whatever thread and on whatever system."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from meta.evidence import patterns

SLOW = ["(a+)+!", "((a+))+!", "(a|aa)*!", "(a|a)*!", "a*a*a*a*a*a*a*a*a*!", "([a-z]+)*!"]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.3)


def _read(pattern):
    return patterns.within_time(lambda cell: re.match(pattern, cell) is not None, pattern)


@pytest.mark.parametrize("pattern", SLOW)
def test_an_endless_comparison_is_ended_in_the_main_thread(pattern):
    assert patterns.may_be_slow(pattern)
    start = time.monotonic()
    with pytest.raises(patterns.TooSlow):
        _read(pattern)(200 * "a")
    assert time.monotonic() - start < 10


def test_and_in_any_other_thread():
    found = []

    def work():
        read = _read(SLOW[0])
        for cell in (60 * "a", "aa!", "b", 60 * "a"):
            try:
                found.append(read(cell))
            except patterns.TooSlow:
                found.append("slow")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert found == ["slow", True, False, "slow"]


def test_and_where_no_signal_can_end_it(monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    read = _read("(a+)+!")
    assert [read("aaa!"), read("b\n"), read("ä")] == [True, False, False]
    with pytest.raises(patterns.TooSlow):
        read(60 * "a")
