"""What holds for all tests."""

import os
import signal

from hypothesis import settings

# How long an example takes is the computer's affair, and no test's.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Where remotecal is installed, pytest knows this by itself.
pytest_plugins = ["remotecal.testing.plugin"]

# What is printed is in the language of whoever runs it; the tests are written in English.
os.environ["LC_ALL"] = "C.UTF-8"

# A shell starts what runs in the background (`nohup ./check &`) deaf to these, and so would be all that the
# tests start and then stop.
for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
