"""Where everything is in the folder of a sweep's results: the one place that names its files."""

from dataclasses import dataclass
from pathlib import Path

STORE_NAME = "trajectories.zarr"


@dataclass(frozen=True)
class Places:
    """Where the results of a sweep are.

    Parameters
    ----------
    folder
        Folder of the sweep: ``results/NAME``.
    store
        Path or URL of the Zarr store.
    """

    folder: Path
    store: str

    @classmethod
    def in_folder(cls, folder: Path) -> "Places":
        """Those of a sweep whose store is in its folder, too."""
        return cls(folder, str(folder / STORE_NAME))

    @property
    def records(self) -> Path:
        """Folder of the groups' records."""
        return self.folder / "groups"

    @property
    def summary(self) -> Path:
        """File that sums up the records of all groups."""
        return self.folder / "simulations.json"

    @property
    def plan(self) -> Path:
        """File of what the jobs of a run need of its plan."""
        return self.folder / "plan.json"

    @property
    def tables(self) -> Path:
        """Folder of the tables."""
        return self.folder / "tables"

    @property
    def accuracy(self) -> Path:
        """Table of the accuracy of every case."""
        return self.tables / "accuracy.csv"

    @property
    def references(self) -> Path:
        """Folder of cached reference solutions."""
        return self.folder / "references"

    @property
    def timing(self) -> Path:
        """File of the raw timings that the configuration asks for."""
        return self.folder / "timing.json"

    @property
    def timings(self) -> Path:
        """Folder of all timings ever taken for this sweep."""
        return self.folder / "timings"

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.folder / "figures"

    @property
    def profile(self) -> Path:
        """Folder of the flamegraphs."""
        return self.folder / "profile"

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    @property
    def subfolders(self) -> tuple[Path, ...]:
        """Folders that the rules write to."""
        own = (self.tables, self.figures, self.profile, self.folder / "logs")
        return (self.records, self.references, self.timings, *own)
