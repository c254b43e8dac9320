"""The shipped procedures, one readable script each."""
