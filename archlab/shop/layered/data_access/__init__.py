"""The data access layer: what keeps the rows. It knows tables, documents and keys, and no rule."""

from archlab.shop.layered.data_access.in_memory import MemoryData
from archlab.shop.layered.data_access.interface import Changes, DataAccess
from archlab.shop.layered.data_access.key_value import DOCUMENTS, KeyValueData
from archlab.shop.layered.data_access.sqlite import SqliteData

__all__ = ["DOCUMENTS", "Changes", "DataAccess", "KeyValueData", "MemoryData", "SqliteData"]
