"""What each function of the shop does, one module a function or two that belong together."""

from archlab.shop.serverless.handlers.finishing import FinishOrders
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.handlers.notifying import Notify
from archlab.shop.serverless.handlers.paying import Settle, TakePayment
from archlab.shop.serverless.handlers.picturing import Picture
from archlab.shop.serverless.handlers.placing import OrderRequest, PlaceOrder
from archlab.shop.serverless.handlers.placing_once import Cancelled, PlaceOrderOnce
from archlab.shop.serverless.handlers.reading import Browse, TrackOrder
from archlab.shop.serverless.handlers.reporting import Report
from archlab.shop.serverless.handlers.reserving import ReserveStock

__all__ = [
    "Browse",
    "Cancelled",
    "FinishOrders",
    "Handler",
    "Notify",
    "OrderRequest",
    "Picture",
    "PlaceOrder",
    "PlaceOrderOnce",
    "Report",
    "ReserveStock",
    "Settle",
    "TakePayment",
    "TrackOrder",
]
