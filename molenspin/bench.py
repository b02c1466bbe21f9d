"""`python -m molenspin.bench`: time the backends on a benchmark family, size by size."""

import sys

from molenspin.commands.bench import main

if __name__ == "__main__":
    sys.exit(main())
