"""The remote half: the laboratory calibrates at a site it is not at."""
