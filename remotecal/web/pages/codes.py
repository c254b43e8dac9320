"""QR codes on pages."""

from __future__ import annotations


def qr_code(text: str) -> str:
    """Return a text as a QR code, in SVG."""
    import segno

    return segno.make(text, error="m").svg_inline(scale=5, border=4, light="#fff")
