"""The configuration of a sweep: typed models, from which the default file and the schema are generated."""

from molenspin.config.load import config_from_mapping, load_config
from molenspin.config.models import Assemblies, Block, Config, Range, Sampling, Space

__all__ = [
    "Assemblies",
    "Block",
    "Config",
    "Range",
    "Sampling",
    "Space",
    "config_from_mapping",
    "load_config",
]
