"""What is shipped for tests is there for everybody: without pytest, and by one import."""

import subprocess
import sys

import remotecal.testing

SHIPPED = """
import pkgutil, sys
sys.modules["pytest"] = None
import remotecal.testing
for found in pkgutil.iter_modules(remotecal.testing.__path__, "remotecal.testing."):
    if found.name != "remotecal.testing.plugin":
        __import__(found.name)
print(len(remotecal.testing.__all__))
"""


def test_nothing_but_the_plugin_needs_pytest() -> None:
    done = subprocess.run([sys.executable, "-c", SHIPPED], capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)


def test_all_that_is_promised_is_there_and_nothing_else() -> None:
    for name in remotecal.testing.__all__:
        assert getattr(remotecal.testing, name) is not None
    assert not hasattr(remotecal.testing, "no_such_thing")
