"""Proving what a demonstration leaves, as it tells people to."""


def verifying(out, folder=None):
    """Return the arguments that verify a demonstration's certificate; it may lie in a folder of its own."""
    certificate = (folder or out) / "certificate.pdf"
    beside = ["--journal", out, "--standards", out / "bench"]
    trust = ["--trust", out / "trust.toml", "--trust-key", out / "keys" / "list-issuer.pub.pem"]
    return [str(argument) for argument in ("verify", certificate, *beside, *trust)]
