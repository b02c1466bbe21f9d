"""Datasets go to NetCDF 3 and come back with their numbers, and analysis reads them again."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from made_results import made_timing

import molenspin as ms
from molenspin.analysis.accuracy import accuracy_table
from molenspin.output.netcdf import plain_attributes, writable
from molenspin.timing.dataset import samples_dataset


def through_file(dataset, folder):
    dataset.to_netcdf(folder / "case.nc", engine="scipy")
    return xr.load_dataset(folder / "case.nc", engine="scipy")


SETTINGS = {"duration": 0.1, "dt": 2e-3, "save_every": 10, "record": ["reaction"], "backend": "numpy"}
STIFF = {"bearing_rotor0.axial_stiffness": [4e4, 4e12]}
"""The second member fails, with a message."""


@pytest.mark.parametrize("varied", [{}, STIFF], ids=["run", "ensemble"])
def test_a_run_and_an_ensemble_come_back(varied, tmp_path):
    rig = ms.benchmark_assembly("rig", 4)
    dataset = rig.simulate_ensemble(varied, **SETTINGS) if varied else rig.simulate(**SETTINGS)
    back = through_file(dataset, tmp_path)
    xr.testing.assert_equal(back, dataset)
    assert {**back.attrs} == {**dataset.attrs}
    xr.testing.assert_equal(back.molenspin.energy(), dataset.molenspin.energy())
    pd.testing.assert_frame_equal(accuracy_table(back), accuracy_table(dataset), check_dtype=False)


def test_timings_come_back(tmp_path):
    dataset = samples_dataset(made_timing())
    xr.testing.assert_equal(through_file(dataset, tmp_path), dataset)


def test_counts_and_hashes_beyond_32_bits_come_back_exactly(tmp_path):
    large = np.array([2**53 - 1, -1])
    dataset = writable(
        xr.Dataset({"count": ("case", large), "hash": ("case", np.array([2**64 - 1, 0], dtype=np.uint64))})
    )
    back = through_file(dataset, tmp_path)
    assert back["count"].astype(int).values.tolist() == large.tolist()
    assert [int(text) for text in back["hash"].values] == [2**64 - 1, 0]


def test_attributes_are_texts_and_numbers():
    plain = plain_attributes({"a": {"b": [1]}, "c": [], "d": None, "e": True, "f": 2**40, "g": "x", "h": 1.5})
    assert plain == {"a": '{"b": [1]}', "c": "[]", "d": "", "e": 1, "f": 2.0**40, "g": "x", "h": 1.5}
