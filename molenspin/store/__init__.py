"""The store: one Zarr hierarchy of all results, written batch by batch, opened by `xarray.open_datatree`."""
