"""Sizes of headers are those of the public examples, and of the text that HTTP/1.1 really sends."""

import http.client
import io

import pytest

from archlab.data import load
from archlab.shop.microservices.wire.http_headers import (
    FRAME_BYTES,
    GRPC_ANSWER,
    GRPC_REQUEST,
    PREFIX_BYTES,
    HeaderCompression,
    grpc_bytes,
    http1_answer,
    http1_request,
)

PUBLISHED = load("protocols").set_index("setting").value

# The three requests of RFC 7541, appendix C.3, one after the other on a connection.
FIRST = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")]
SECOND = [*FIRST, ("cache-control", "no-cache")]
THIRD = [
    (":method", "GET"),
    (":scheme", "https"),
    (":path", "/index.html"),
    (":authority", "www.example.com"),
    ("custom-key", "custom-value"),
]


def test_compressed_headers_have_the_sizes_of_the_published_examples():
    sender = HeaderCompression()
    sizes = [sender.size_bytes(request) for request in (FIRST, SECOND, THIRD)]
    assert sizes == [PUBLISHED[f"HPACK {number} request"] for number in ("first", "second", "third")]


def test_headers_that_were_sent_before_are_a_byte_each():
    sender = HeaderCompression()
    sender.size_bytes(THIRD)
    assert sender.size_bytes(THIRD) == len(THIRD)


def test_a_long_value_has_a_longer_length_before_it():
    """RFC 7541, section 5.1: a length below 127 is one byte, 127 is two, from 255 on three."""

    def overhead(length):
        return HeaderCompression().size_bytes([("user-agent", "x" * length)]) - length

    assert [overhead(length) for length in (126, 127, 254, 255, 16_510, 16_511)] == [2, 3, 3, 4, 4, 5]


def test_a_name_that_is_known_is_not_sent_again():
    sender = HeaderCompression()
    sender.size_bytes([("x-trace", "one")])
    assert sender.size_bytes([("x-trace", "two")]) == 1 + 1 + 3


def test_a_call_of_grpc_has_two_frames_there_and_three_back():
    fields = [len(block) for block in (*GRPC_REQUEST, *GRPC_ANSWER)]
    assert fields == [7, 2, 1]
    assert grpc_bytes(GRPC_REQUEST) == 2 * FRAME_BYTES + PREFIX_BYTES + 7
    assert grpc_bytes(GRPC_ANSWER) == 3 * FRAME_BYTES + PREFIX_BYTES + 2 + 1
    assert PUBLISHED["HTTP/2 frame header"] == FRAME_BYTES
    assert PUBLISHED["gRPC message prefix"] == PREFIX_BYTES


def test_the_first_call_on_a_connection_pays_for_its_names():
    assert grpc_bytes(GRPC_REQUEST, first_on_connection=True) > 3 * grpc_bytes(GRPC_REQUEST)


def test_a_request_is_one_that_a_library_can_read():
    start, rest = http1_request(123).split(b"\r\n", 1)
    assert start == b"POST /inventory/reservations HTTP/1.1"
    headers = http.client.parse_headers(io.BytesIO(rest))
    assert headers["Content-Length"] == "123"


class Socket:
    """What `http.client` reads an answer from."""

    def __init__(self, data):
        self.data = data

    def makefile(self, mode):
        return io.BytesIO(self.data)


@pytest.mark.parametrize("body", [b"", b"x" * 1000])
def test_an_answer_is_one_that_a_library_can_read(body):
    answer = http.client.HTTPResponse(Socket(http1_answer(len(body)) + body))
    answer.begin()
    assert answer.status == 200
    assert answer.read() == body
