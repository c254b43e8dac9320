"""A simulated bench on which several water meters stand in one line, ahead of a weigh tank."""
