"""The hub: a laboratory's side, which orders runs, takes in their journals, and issues certificates."""
