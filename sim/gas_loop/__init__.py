"""A sealed loop under pressure: a blower sends gas through masters in parallel and a meter under test."""
