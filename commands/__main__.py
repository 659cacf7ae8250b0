"""`python -m commands`: the command where it is not installed."""

import sys

from commands.main import main

sys.exit(main())
