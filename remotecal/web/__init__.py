"""The laboratory's REST API, for its people, its programs and its customers."""
