"""The laboratory's database: stations, work orders, journals, records, and who did what."""

from remotecal.store.store import Store

__all__ = ["Store"]
