"""The shop as functions: a gateway, a function for each thing that happens, and one database for all."""

from archlab.shop.serverless import keys
from archlab.shop.serverless.architecture import OWN_TABLES, Serverless
from archlab.shop.serverless.config import SERVERLESS, ServerlessConfig
from archlab.shop.serverless.connections import Connections, NoConnection
from archlab.shop.serverless.gateway import Gateway
from archlab.shop.serverless.handlers import (
    Cancelled,
    Handler,
    OrderRequest,
    PlaceOrder,
    PlaceOrderOnce,
    ReserveStock,
)
from archlab.shop.serverless.steps import BEHIND, BY_CALL, BY_REQUEST, FUNCTIONS

__all__ = [
    "BEHIND",
    "BY_CALL",
    "BY_REQUEST",
    "FUNCTIONS",
    "OWN_TABLES",
    "SERVERLESS",
    "Cancelled",
    "Connections",
    "Gateway",
    "Handler",
    "NoConnection",
    "OrderRequest",
    "PlaceOrder",
    "PlaceOrderOnce",
    "ReserveStock",
    "Serverless",
    "ServerlessConfig",
    "keys",
]
