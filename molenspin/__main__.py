"""`python -m molenspin`."""

import sys

from molenspin.cli import main

sys.exit(main())
