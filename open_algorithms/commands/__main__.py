"""`python -m open_algorithms.commands`: the command where it is not installed.

Tests: tests/commands/test_main.py.
"""

import sys

from open_algorithms.commands.main import main

sys.exit(main())
