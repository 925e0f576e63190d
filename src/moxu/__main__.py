"""``python -m moxu`` is the program ``moxu``."""

import sys

from moxu.cli.main import main

sys.exit(main())
