"""Connections over a network: TCP, and HTTP/1.1 and HTTP/2 on top of it."""

from archlab.sim.connections.http import Http1Pool, Http2Connection, HttpConnections
from archlab.sim.connections.tcp import Tcp, TcpConnection

__all__ = ["Http1Pool", "Http2Connection", "HttpConnections", "Tcp", "TcpConnection"]
