"""Who holds a claim: what a file may say of it, and whether the process is seen alive."""

import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from molenspin.store import holders
from molenspin.store.claims import claim_place
from molenspin.store.holders import Holder, refusal


def test_a_holder_is_read_as_it_was_written():
    holder = Holder.this_process()
    assert Holder.from_mapping(asdict(holder)) == holder
    assert (holder.pid, holder.is_alive) == (os.getpid(), True)


@pytest.mark.parametrize(
    ("pid", "accepted"), [(1, True), (2**31 - 1, True), (0, False), (-1, False), (2**31, False), ("1", False)]
)
def test_only_numbers_of_processes_are_accepted(pid, accepted):
    found = Holder.from_mapping({"host": "mill", "pid": pid, "since": "now"})
    assert (found is not None) is accepted


@pytest.mark.parametrize(
    "content", [None, [], "text", {}, {"pid": 1}, asdict(Holder.this_process()) | {"x": 1}]
)
def test_what_no_holder_wrote_is_none(content):
    assert Holder.from_mapping(content) is None


def test_a_number_that_was_given_out_again_is_another_process():
    assert replace(Holder.this_process(), start="1").is_alive is False


def test_a_process_is_dead_once_it_has_ended_even_if_nobody_has_asked_for_its_code():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        holder = replace(Holder.this_process(), pid=process.pid, start=holders._start_of(process.pid))
        assert holder.is_alive is True
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the kernel's table
        assert holder.is_alive is False
    assert holder.is_alive is False


@pytest.mark.parametrize("kernel", ["", "another boot"])
def test_a_process_of_another_machine_is_not_seen(kernel):
    assert replace(Holder.this_process(), kernel=kernel).is_alive is None


def test_nothing_is_seen_where_no_kernel_is(monkeypatch):
    holder = replace(Holder.this_process(), kernel="")
    monkeypatch.setattr(holders, "_kernel", lambda: "")
    assert holder.is_alive is None


def test_a_process_of_another_user_is_not_judged(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert Holder.this_process().is_alive is None


def test_a_refusal_names_the_holder_where_it_is_known():
    holder = Holder(host="mill", pid=12, since="noon")
    assert "already under way: process 12 on mill holds it since noon; wait" in str(
        refusal("group x", holder)
    )
    assert "already under way: another process holds it; wait" in str(refusal("group x", None))


def test_a_claim_stands_beside_its_store():
    assert (
        claim_place("/data/a.zarr/", "plan")
        == claim_place("/data/a.zarr", "plan")
        == "/data/a.zarr.claims/plan.claim"
    )
