"""Signatures: XAdES on the certificate's XML, PAdES on its PDF, Ed25519 on journals and trust lists."""
