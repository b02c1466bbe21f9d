import pytest
from hypothesis import given
from hypothesis import strategies as st

from molenspin.errors import MolenspinError
from molenspin.profiling.sampling import native_name
from molenspin.profiling.stacks import Stacks, gather, load_stacks

frames = st.lists(st.from_regex(r"[a-z:<>]{1,8}", fullmatch=True), min_size=1, max_size=4)


@given(st.lists(st.tuples(frames, st.integers(1, 99)), max_size=5))
def test_text_form_keeps_every_sample(tmp_path_factory, samples):
    path = tmp_path_factory.mktemp("stacks") / "stacks.folded"
    stacks = gather(samples)
    path.write_text(stacks.to_text())
    assert load_stacks(path) == stacks
    assert stacks.sample_count == sum(count for _, count in samples)


def test_stacks_are_cut_at_their_first_frame_of_ours():
    stacks = Stacks({("main", "core::run", "step"): 2, ("boot", "core::run", "step"): 3, ("main", "idle"): 9})
    assert stacks.below("core").counts == {("core::run", "step"): 5}


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("molenspin_core::integrators::rk4::rk4_step", "integrators::rk4::rk4_step"),
        (
            "<molenspin_core::elements::Wind as molenspin_core::runs::Kernel<2_usize>>::apply",
            "elements::Wind::apply",
        ),
        ("molenspin_core::batch::run::{{closure}}", ""),
        ("<molenspin_core::vector::Avx512 as molenspin_core::vector::Instructions>::vectorize::compiled", ""),
        ("std::panicking::catch_unwind", ""),
        ("_PyEval_EvalFrameDefault", ""),
    ],
)
def test_native_frames_are_named_by_our_functions_only(symbol, name):
    assert native_name(symbol) == name


@pytest.mark.parametrize("line", ["run;step", "run;step many", "7"])
def test_line_that_is_no_stack_is_named(tmp_path, line):
    path = tmp_path / "stacks.folded"
    path.write_text(f"run 1\n{line}\n")
    with pytest.raises(MolenspinError, match=r"stacks\.folded:2: not a folded stack"):
        load_stacks(path)
