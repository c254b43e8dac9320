"""What an instrument can be asked and told: the statements of a driver's class body.

Read from the class a statement gives the declaration itself, with no instrument; read from an
instrument it gives something to call:

```python
Orrin7.flow.accuracy      # the declaration
meter.flow.read()         # Measured
```
"""

from remotecal.drivers.channels import BoundChannels, Channels
from remotecal.drivers.readings import BoundReading, Reading
from remotecal.drivers.settings import BoundSetting, Setting
from remotecal.drivers.states import Action, BoundAction, BoundChoice, BoundFlags, Choice, Flags
from remotecal.drivers.traces import BoundTrace, Trace

__all__ = [
    "Action",
    "BoundAction",
    "BoundChannels",
    "BoundChoice",
    "BoundFlags",
    "BoundReading",
    "BoundSetting",
    "BoundTrace",
    "Channels",
    "Choice",
    "Flags",
    "Reading",
    "Setting",
    "Trace",
]
