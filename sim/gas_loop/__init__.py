"""A sealed loop under pressure: a blower sends gas through master meters in parallel and a meter under test."""
