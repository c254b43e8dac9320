"""A station: the computer beside a bench, which carries out a laboratory's orders."""
