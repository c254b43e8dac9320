"""The makers' instruments, fed by callables: what they indicate, and what they act on."""
