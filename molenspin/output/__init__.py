"""How things are written: durable and sealed files, CSV, NetCDF, text on a terminal, names of machines."""
