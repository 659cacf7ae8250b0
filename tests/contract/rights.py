"""Who runs the tests, and how that user loses the right to write everywhere."""

import os

USER = os.geteuid()

# Root without the right to write wherever it likes, as containers give it.
BOUNDED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
