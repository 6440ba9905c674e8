"""The serverless architecture: functions that start when something happens, behind a gateway, on one database.

>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).payment.value, len(shop.rows("order_lines"))
('authorised', 1)
>>> shop.sim.run(until=4)
>>> [name for name, function in shop.functions.items() if function.cold]
['place_order', 'track_order', 'reserve_stock', 'take_payment', 'notify', 'report']
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import pandas as pd

from archlab.shop.architecture import Architecture
from archlab.shop.audit import TABLES
from archlab.shop.domain import Basket, Order
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.serverless.config import ServerlessConfig
from archlab.shop.serverless.connections import Connections
from archlab.shop.serverless.gateway import Gateway
from archlab.shop.serverless.handlers import (
    Browse,
    FinishOrders,
    Handler,
    Notify,
    OrderRequest,
    Picture,
    PlaceOrder,
    PlaceOrderOnce,
    Report,
    ReserveStock,
    Settle,
    TakePayment,
    TrackOrder,
)
from archlab.shop.serverless.handlers.picturing import LARGE, PICTURES
from archlab.shop.serverless.handlers.reporting import SALES
from archlab.shop.serverless.keys import HANDLED, UNDER_WAY
from archlab.shop.serverless.platform import Platform
from archlab.shop.serverless.topology import serverless_topology
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    OrderStatus,
    ProductPage,
    StockRepository,
    open_database,
)
from archlab.sim.billing import Usage, total_usd
from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.asynchronous import AsyncInvocations, AsyncPolicy
from archlab.sim.functions.function import Function
from archlab.sim.functions.triggers import ObjectStore, QueueTrigger, ScheduleTrigger, StreamTrigger
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

OWN_TABLES = ("handled", "under_way", "sales", "pictures")
"""The tables that only this shop has."""

ONE_TRY = AsyncPolicy(max_retries=0)
"""What the clock starts is not tried again after a failure: the clock comes again anyway."""


class Serverless(Architecture):
    """The shop as functions.

    Args:
        sim: the simulation whose parts these become: each function by its name and "<function> queries", "gateway",
            "database" with "database log", "database connections" or "connection pool", "notifications" (the queue),
            "new orders" (the stream) with its reader, "pictures" (the store), and "payment provider".
        config: how it is built. None: without keys and without a pool.
    """

    name = "serverless"

    def __init__(self, sim: Simulation, config: ServerlessConfig | None = None) -> None:
        self.config = config = config or ServerlessConfig()
        super().__init__(sim, config.assortment)
        self.platform = Platform(sim, config, self._filled())
        for handler in self.handlers():
            self.deploy(handler)
        self.gateway = Gateway(self.platform)
        self.triggers = self._start_triggers()

    def handlers(self) -> list[Handler]:
        """Make what every function does. A subclass may make others: what deploys them asks only for their names."""
        with_keys = self.config.idempotency_keys
        kinds: list[type[Handler]] = [Browse, PlaceOrderOnce if with_keys else PlaceOrder, TrackOrder]
        kinds += [ReserveStock, TakePayment, Notify, Settle, Picture, Report]
        kinds += [FinishOrders] if with_keys else []
        return [kind(self.platform) for kind in kinds]

    def deploy(self, handler: Handler) -> None:
        """Make a function of a handler, with what the configuration says of its name."""
        config, name = self.config, handler.name
        self.functions[name] = Function(
            self.sim,
            name,
            handler,
            config.environment_init_s,
            config.keep_alive_s,
            memory_mb=config.memory_mb_of(name),
            time_limit_s=config.time_limit_s_of(name),
            account=self.platform.account,
            reserved=config.reserved.get(name),
            provisioned=config.provisioned_of(name),
        )

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.gateway.serve_request("browse", product)

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self.gateway.serve_request("place_order", OrderRequest(order_id, basket))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.gateway.serve_request("track_order", order_id)

    # What it is made of ----------------------------------------------------------------------------------

    @property
    def functions(self) -> dict[str, Function]:
        """All functions, by name."""
        return self.platform.functions

    @property
    def account(self) -> CloudAccount:
        """The limits that all functions share."""
        return self.platform.account

    @property
    def provider(self) -> PaymentProvider:
        """The payment provider, another company."""
        return self.platform.provider

    @property
    def pictures(self) -> ObjectStore:
        """Where pictures of products are put, as "large/<number of the product>"."""
        return self.platform.pictures

    @property
    def connections(self) -> Connections:
        """Who has a connection, to the database or to the pool in front of it."""
        return self.platform.tables.connections

    @property
    def connection_pool(self) -> Pool | None:
        """The sessions with the database that all share; None without a pool."""
        return self.platform.tables.pool

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return dict.fromkeys(TABLES, self.platform.tables.server.connection)

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def own_rows(self, table: str) -> pd.DataFrame:
        """Return all rows of one of `OWN_TABLES`. Raises `ValueError` when it is none of them."""
        if table not in OWN_TABLES:
            raise ValueError(f"table is {table!r}; it must be one of {', '.join(OWN_TABLES)}")
        return pd.read_sql_query(f"SELECT * FROM {table}", self.platform.tables.server.connection)

    def is_quiet(self) -> bool:
        """Return whether, besides, no order is pending, no function works on one, and every message is dealt with."""
        sql = "SELECT count(*) FROM orders WHERE state = 'pending'"
        messages = self.platform.messages
        at_work = ("place_order", "reserve_stock", "take_payment", "notify")
        return (
            super().is_quiet()
            and not any(self.functions[name].busy for name in at_work)
            and not messages.ready + messages.unacknowledged
            and self.tables["orders"].execute(sql).fetchone() == (0,)
        )

    # What it costs ---------------------------------------------------------------------------------------

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def bill(self) -> Usage:
        """Return what all functions have used since the start: what is still at work comes on it at its end."""
        return reduce(add, (function.usage() for function in self.functions.values()), Usage())

    def price_per_hour_usd(self) -> float:
        """Return what is rented, and what functions have used so far, in US dollars per hour of simulated time.

        It leaves out what the gateway, the queue, the stream and the store cost, and the free tier. It errs on the
        cheap side by the first.
        """
        hours = self.sim.now / 3600
        used_usd = total_usd(self.bill()) / hours if hours else 0.0
        return super().price_per_hour_usd() + used_usd

    def topology(self) -> nx.DiGraph:
        return serverless_topology(self.config.connection_pool, self.config.idempotency_keys)

    # How it starts ---------------------------------------------------------------------------------------

    def _filled(self) -> sqlite3.Connection:
        """A new database with the catalogue and the stock in it."""
        connection = open_database(*SCHEMAS, HANDLED, UNDER_WAY, SALES, PICTURES)
        CatalogueRepository(connection).fill(self.catalogue)
        StockRepository(connection).fill({product.id: self.assortment.stock for product in self.catalogue})
        return connection

    def _start_triggers(self) -> dict[str, QueueTrigger | StreamTrigger | ScheduleTrigger]:
        """Let queue, stream, clock and store start the functions behind; function -> what starts it."""
        functions, platform, every_s = self.functions, self.platform, self.config.settle_every_s
        platform.pictures.notify(functions["picture"], prefix=LARGE)
        triggers: dict[str, QueueTrigger | StreamTrigger | ScheduleTrigger] = {
            "notify": QueueTrigger(functions["notify"], platform.messages, partial_failures=True),
            "report": StreamTrigger(functions["report"], platform.orders),
        }
        for name in [name for name in ("settle", "finish_orders") if name in functions]:
            triggers[name] = ScheduleTrigger(AsyncInvocations(functions[name], ONE_TRY), every_s)
        return triggers
