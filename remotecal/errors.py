"""Every error remotecal raises on purpose, named after who must act.

```
RemotecalError
├── ConfigurationError          who wrote a file, a parameter or a command line
│   ├── BenchError                  the bench file
│   ├── OrderError                  the work order
│   ├── ParameterError              a procedure's parameter
│   ├── UnitError                   a unit that is unknown or of the wrong dimension
│   └── OutOfSpan                   a setting outside its declared span; nothing was sent
├── LinkError                   who looks after wiring and power (always names the instrument)
│   ├── NoReply                     nothing, or too little, arrived in time
│   ├── LinkLost                    the connection went away
│   ├── GarbledReply                bytes arrived that are no reply
│   ├── ExchangeCancelled           another thread called the exchange off
│   └── WrongInstrument             somebody else answers at this address
├── InstrumentError             who operates the instrument: it understood and refused
│   └── ModbusRefusal               by a Modbus exception
├── ForbiddenCommand            who wrote the driver or the procedure; nothing was sent
├── RunError                    who runs the calibration
│   ├── NotStable                   a quantity did not settle in time
│   ├── InterlockTripped            a limit was passed; the rig was made safe
│   ├── RunAborted                  somebody stopped the run; the rig was made safe
│   └── SafeStateNotReached         go and look at the rig
├── EvidenceError               who answers for the evidence
│   ├── JournalBroken               the journal is not what was written
│   └── CertificateRefused          a certificate that may not be used, and why
└── RecordError                 who wrote a certificate file: it can't be read without guessing
```

Foreign exceptions are translated in one place per boundary, which adds who was asked.
"""


class RemotecalError(Exception):
    """Anything remotecal refuses or reports; its text says what to do."""


class ConfigurationError(RemotecalError):
    """Something a person wrote can't be used."""


class BenchError(ConfigurationError):
    """The bench file is wrong."""


class OrderError(ConfigurationError):
    """The work order is wrong."""


class ParameterError(ConfigurationError):
    """A procedure's parameter is missing, unknown or outside its limits."""


class UnitError(ConfigurationError):
    """A unit is unknown, or of the wrong dimension."""


class OutOfSpan(ConfigurationError):
    """A setting lies outside its declared span; nothing was sent."""


class LinkError(RemotecalError):
    """The channel to an instrument failed."""


class NoReply(LinkError):
    """Nothing, or too little, arrived in time."""


class LinkLost(LinkError):
    """The connection could not be made, or went away."""


class GarbledReply(LinkError):
    """Bytes arrived that are no reply to what was asked."""


class ExchangeCancelled(LinkError):
    """Another thread called the exchange off."""


class WrongInstrument(LinkError):
    """The instrument that answers is not the one expected here."""


class InstrumentError(RemotecalError):
    """The instrument understood, and refused."""


class ModbusRefusal(InstrumentError):
    """The instrument refused by a Modbus exception.

    `code` is the exception code of the Modbus application protocol, section 7.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class ForbiddenCommand(RemotecalError):
    """A command no driver may send; nothing was sent."""


class RunError(RemotecalError):
    """A run could not go on; the rig was made safe."""


class NotStable(RunError):
    """A quantity did not settle in time."""


class InterlockTripped(RunError):
    """A watched quantity passed its limit."""


class RunAborted(RunError):
    """Somebody stopped the run."""


class SafeStateNotReached(RunError):
    """The safe state could not be confirmed: go and look at the rig."""


class EvidenceError(RemotecalError):
    """The evidence does not hold."""


class JournalBroken(EvidenceError):
    """The journal is not what was written."""


class CertificateRefused(EvidenceError):
    """A certificate may not be used here, and why."""


class RecordError(RemotecalError):
    """A certificate file can't be read without guessing."""
