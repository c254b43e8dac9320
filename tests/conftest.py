"""What holds for all tests."""

import os

# What is printed is in the language of whoever runs it; the tests are written in English.
os.environ["LC_ALL"] = "C.UTF-8"
