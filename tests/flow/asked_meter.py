"""A water meter that is asked behind every repeat whether it is set up as its driver expects."""

from remotecal.drivers.siemens.mag6000 import SiemensMag6000


class AskedMeter(SiemensMag6000):
    """What `SiemensMag6000` is; that it still tells its volume stands for its set-up."""

    def check_setup(self) -> None:
        self.volume.read()
