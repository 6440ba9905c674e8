"""The headers of a call: how many bytes HTTP/1.1 and gRPC over HTTP/2 put around a message.

HTTP/1.1 sends its headers as text with every request and every answer. HTTP/2 compresses them (HPACK, RFC 7541): both
ends remember the fields of a connection, and a field that was sent before is one byte. gRPC adds 5 bytes before the
message, and HTTP/2 9 bytes to each of its frames (gRPC documentation, *gRPC over HTTP2*; RFC 9113).

What this leaves out: tokens, cookies, tracing and deadlines in the headers, which add bytes to both and, where they
differ from call to call, are not compressed. Huffman coding of HPACK: the first call on a connection errs high, later
ones not at all. Every call has the same path here, a few bytes more or less than its own.

>>> len(http1_request(body_bytes=85)), len(http1_answer(body_bytes=85))
(158, 108)
>>> grpc_bytes(GRPC_REQUEST), grpc_bytes(GRPC_REQUEST, first_on_connection=True)
(30, 115)
"""

from collections.abc import Sequence

Header = tuple[str, str]

FRAME_BYTES = 9
"""Before each frame of HTTP/2 (RFC 9113, section 4.1)."""

PREFIX_BYTES = 5
"""Before each message of gRPC: a flag and the length (*gRPC over HTTP2*)."""

STATIC_TABLE: dict[Header, int] = {
    (":authority", ""): 1,
    (":method", "GET"): 2,
    (":method", "POST"): 3,
    (":path", "/"): 4,
    (":path", "/index.html"): 5,
    (":scheme", "http"): 6,
    (":scheme", "https"): 7,
    (":status", "200"): 8,
    ("cache-control", ""): 24,
    ("content-type", ""): 31,
    ("user-agent", ""): 58,
}
"""Fields that both ends of HPACK know from the start, with their index: those needed here of the 61 (RFC 7541,
appendix A)."""

STATIC_ENTRIES = 61

GRPC_REQUEST: tuple[Sequence[Header], ...] = (
    (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.Inventory/Reserve"),
        (":authority", "inventory"),
        ("te", "trailers"),
        ("content-type", "application/grpc+proto"),
        ("user-agent", "grpc-python/1.0"),
    ),
)
GRPC_ANSWER: tuple[Sequence[Header], ...] = (
    ((":status", "200"), ("content-type", "application/grpc+proto")),
    (("grpc-status", "0"),),
)
"""Blocks of headers, each in a frame of its own: those before the message, and those behind it."""


class HeaderCompression:
    """One end of HPACK, as far as sizes go: it remembers the fields that were sent on a connection.

    Left out: forgetting (the table has room for 4,096 bytes, and the calls of a shop need far less).

    >>> sender = HeaderCompression()
    >>> sender.size_bytes([(":method", "POST"), ("te", "trailers")])
    14
    >>> sender.size_bytes([(":method", "POST"), ("te", "trailers")])
    2
    """

    def __init__(self) -> None:
        self._sent: list[Header] = []

    def size_bytes(self, headers: Sequence[Header]) -> int:
        """Return the bytes of a block of headers, and remember its fields."""
        return sum(self._field_bytes(header) for header in headers)

    def _field_bytes(self, header: Header) -> int:
        index = self._index(header)
        if index is not None:
            return _integer_bytes(index, prefix_bits=7)
        name = self._name_index(header[0])
        self._sent.insert(0, header)
        before = _integer_bytes(name, prefix_bits=6) if name else 1 + _text_bytes(header[0])
        return before + _text_bytes(header[1])

    def _index(self, header: Header) -> int | None:
        if header in self._sent:
            return STATIC_ENTRIES + 1 + self._sent.index(header)
        return STATIC_TABLE.get(header)

    def _name_index(self, name: str) -> int | None:
        static = [index for (known, _), index in STATIC_TABLE.items() if known == name]
        sent = [STATIC_ENTRIES + 1 + place for place, (known, _) in enumerate(self._sent) if known == name]
        return next(iter([*static, *sent]), None)


def grpc_bytes(blocks: Sequence[Sequence[Header]], first_on_connection: bool = False) -> int:
    """Return what HTTP/2 and gRPC add to one message: frames, the prefix, and headers as later calls send them."""
    sender = HeaderCompression()
    sizes_bytes = [sender.size_bytes(block) for block in blocks]
    if not first_on_connection:
        sizes_bytes = [sender.size_bytes(block) for block in blocks]
    return sum(sizes_bytes) + FRAME_BYTES * (len(blocks) + 1) + PREFIX_BYTES


def http1_request(body_bytes: int) -> bytes:
    """Return the headers of a request of HTTP/1.1 that carries a body of this size."""
    lines = (
        "POST /inventory/reservations HTTP/1.1",
        "Host: inventory",
        "Accept: application/json",
        "Content-Type: application/json",
        f"Content-Length: {body_bytes}",
        "User-Agent: shop/1.0",
    )
    return _lines(lines)


def http1_answer(body_bytes: int) -> bytes:
    """Return the headers of an answer of HTTP/1.1 that carries a body of this size."""
    lines = (
        "HTTP/1.1 200 OK",
        "Content-Type: application/json",
        f"Content-Length: {body_bytes}",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    )
    return _lines(lines)


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _text_bytes(text: str) -> int:
    """A length and a text, not compressed."""
    return _integer_bytes(len(text.encode()), prefix_bits=7) + len(text.encode())


def _integer_bytes(value: int, prefix_bits: int) -> int:
    """The bytes of a whole number whose first byte has room for so many bits (RFC 7541, section 5.1)."""
    largest = 2**prefix_bits - 1
    if value < largest:
        return 1
    rest = value - largest
    return 1 + max(1, -(-rest.bit_length() // 7))
