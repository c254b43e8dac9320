"""The makers' instruments, simulated: fed by callables, they know no bench."""
