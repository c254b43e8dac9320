"""Every error remotecal raises on purpose, named after who must act.

```
RemotecalError
├── ConfigurationError          who wrote a file, a parameter or a command line
│   ├── BenchError                  the bench file
│   ├── BenchInUse                  who wants a bench or an instrument that somebody else works with
│   ├── OrderError                  the work order
│   ├── ParameterError              a procedure's parameter
│   ├── UnitError                   a unit that is unknown or of the wrong dimension
│   └── OutOfSpan                   a setting outside its declared span; nothing was sent
├── LinkError                   who looks after wiring and power (always names the instrument)
│   ├── NoReply                     nothing, or too little, arrived in time
│   ├── LinkLost                    the connection went away
│   ├── GarbledReply                bytes arrived that are no reply
│   ├── ExchangeCancelled           another thread called the exchange off
│   ├── NeverAsked                  what answers are kept exchanges, and this is none of them
│   └── WrongInstrument             somebody else answers at this address
├── InstrumentError             who operates the instrument: it understood and refused
│   └── ModbusRefusal               by a Modbus exception
├── ForbiddenCommand            who wrote the driver or the procedure; nothing was sent
├── RunError                    who runs the calibration
│   ├── NotStable                   a quantity did not settle in time
│   ├── InterlockTripped            a limit was passed
│   ├── RunAborted                  somebody stopped the run
│   ├── RunSuspended                the run goes on later by itself
│   └── SafeStateNotReached         the rig is not safe, or nobody knows: go and look at it
├── EvidenceError               who answers for the evidence
│   ├── JournalBroken               the journal is not what was written
│   ├── FileMissing                 a file that the journal names is not beside it
│   ├── EvaluationFailed            a procedure could make nothing of it, where and why
│   ├── NotOrdered                  a run the laboratory did not order, or not like this
│   └── CertificateRefused          a certificate that may not be used, and why
├── RecordError                 who wrote a certificate file: it can't be read without guessing
├── StoreError                  who looks after the laboratory's database
│   └── StoreFull                   its disk has no room
├── DiskFull                    who looks after the computer's disk: there is no room
├── TransportError              who looks after the line between laboratory and stations
│   ├── NotConnected                the other side is not there; nothing was asked of it
│   └── NotAnswered                 it was asked, and did not answer in time: whether it obeyed is open
└── RequestRefused              who asks the laboratory's API
    ├── NotLoggedIn                 nobody known
    ├── NotAllowed                  somebody who may not
    ├── TooOften                    somebody who tried too often in too short a time
    ├── NotThere                    what is asked for does not exist
    │   └── NotTheirs                   or is another customer's, which is told as if it did not
    └── NotNow                      it can't be done in the state things are in
```

Foreign exceptions are translated in one place per boundary, which adds who was asked.
"""


class RemotecalError(Exception):
    """Anything remotecal refuses or reports; its text says what to do, with what was noted on its way up."""

    def __str__(self) -> str:
        return "; ".join([super().__str__(), *getattr(self, "__notes__", ())])


class ConfigurationError(RemotecalError):
    """Something a person wrote can't be used."""


class BenchError(ConfigurationError):
    """The bench file is wrong."""


class BenchInUse(ConfigurationError):
    """Somebody else works with the bench, or with one of its instruments; nothing was sent."""


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

    replies: tuple[bytes, ...] = ()
    """What had been answered before, of several questions that were asked at once."""


class NoReply(LinkError):
    """Nothing, or too little, arrived in time."""


class LinkLost(LinkError):
    """The connection could not be made, or went away."""


class GarbledReply(LinkError):
    """Bytes arrived that are no reply to what was asked."""


class ExchangeCancelled(LinkError):
    """Another thread called the exchange off."""


class NeverAsked(LinkError):
    """Kept exchanges answer, and this was never asked in them: the driver is set up otherwise, or another."""


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
    """A run could not go on; the rig was made safe, or the text says that nothing there could be."""


class NotStable(RunError):
    """A quantity did not settle in time."""


class InterlockTripped(RunError):
    """A watched quantity passed its limit.

    `what` is the quantity, as in `gauge.value`; "" where the rig was stopped for another reason.
    """

    def __init__(self, message: str, what: str = "") -> None:
        super().__init__(message)
        self.what = what


class RunAborted(RunError):
    """Somebody stopped the run."""


class RunSuspended(RunError):
    """The run was stopped in good order, and its order will have it taken up again."""


class SafeStateNotReached(RunError):
    """The safe state could not be confirmed: go and look at the rig."""


class EvidenceError(RemotecalError):
    """The evidence does not hold."""


class JournalBroken(EvidenceError):
    """The journal is not what was written."""


class FileMissing(EvidenceError):
    """A file that a journal names is not at hand, so what it says can't be looked at."""


class EvaluationFailed(EvidenceError):
    """A procedure could not evaluate the evidence of a run.

    `procedure` is its name, `point` the name of the point it was at ("" if at none), and the cause what it
    raised.
    """

    def __init__(self, procedure: str, point: str, cause: Exception) -> None:
        said = str(cause) if isinstance(cause, RemotecalError) else f"{type(cause).__name__}: {cause}"
        place = f" at {point}" if point and not said.startswith(point) else ""
        super().__init__(f"procedure {procedure} can't evaluate this evidence{place}: {said}")
        self.procedure, self.point = procedure, point


class NotOrdered(EvidenceError):
    """A run is none that the laboratory ordered and this station claimed, or differs from its order."""


class CertificateRefused(EvidenceError):
    """A certificate may not be used here, and why."""


class RecordError(RemotecalError):
    """A certificate file can't be read without guessing."""


class StoreError(RemotecalError):
    """The laboratory's database can't be reached or used, or is of another version."""


class StoreFull(StoreError):
    """No room is left where the laboratory's database is; what was taken in before is kept."""


class DiskFull(RemotecalError):
    """The disk has no room, or none but what a run needs; nothing that was there before is lost."""


class TransportError(RemotecalError):
    """Laboratory and station can't talk to each other."""


class NotConnected(TransportError):
    """The other side is not there, or the line to it is cut."""


class NotAnswered(TransportError):
    """The other side was asked and did not answer in time; whether it obeyed is not known."""


class RequestRefused(RemotecalError):
    """A request to the laboratory's API is refused; `who` asked, as far as that is known."""

    noted = True
    """Whether it goes into the audit log."""

    def __init__(self, message: str, who: str = "somebody") -> None:
        super().__init__(message)
        self.who = who


class NotLoggedIn(RequestRefused):
    """Nobody knows who asks."""


class NotAllowed(RequestRefused):
    """Who asks may not do that."""


class TooOften(RequestRefused):
    """Too many attempts in too short a time."""


class NotThere(RequestRefused):
    """There is no such thing."""

    noted = False


class NotTheirs(NotThere):
    """There is such a thing, but a customer who asks for another's is told that there is none."""

    noted = True


class NotNow(RequestRefused):
    """It can't be done in the state things are in."""

    noted = False
