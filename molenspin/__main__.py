"""`python -m molenspin`."""

import sys

from molenspin.commands.entry_point import main

sys.exit(main())
