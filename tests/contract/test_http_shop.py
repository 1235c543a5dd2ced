"""A shop's back end that is slow, broken or wrong is unavailable, at once and in words; nothing is done twice."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivr.bootstrap import shop_of
from ivr.commerce.deadline import deadline
from ivr.commerce.http_shop import HttpShop
from ivr.commerce.model import Customer, Order
from ivr.commerce.records import MemoryRecords
from ivr.commerce.samples import sample_shop
from ivr.commerce.shop import EmbeddedShop
from ivr.commerce.shop_check import Known, checked
from ivr.commerce.signature import headers, sign
from ivr.commerce.wire import written
from ivr.errors import InvalidInput, MissingSetting, Unavailable
from tests.conftest import NOON, make_settings
from tests.contract.shop_server import KEY, dripping, faulty, http, http_shop, reference_of, silent

LAMP = Order("100311", "delivered", Decimal("49.90"), items=("desk lamp",), customer="C1")
ADA = Customer("C1", "Ada Brown", "+15550101")
PROBLEM = "application/problem+json"
QUICK = {"timeout_s": 0.3}
SLACK_S = 1.5
"""What a busy machine may add to a deadline."""


def said(data) -> bytes:
    return http("200 OK", json.dumps(data).encode())


def problem(status: str, code: str) -> bytes:
    data = {"code": code, "title": "no", "status": int(status[:3])}
    return http(status, json.dumps(data).encode(), PROBLEM)


GOOD = said(written(LAMP))
DOWN = problem("503 Service Unavailable", "unavailable")
GATEWAY = http("502 Bad Gateway", b"<html>bad gateway</html>", "text/html")


@pytest.fixture
def patient(clock):
    """A client that has time, so that a busy machine does not change what is tested."""

    def to(server):
        return http_shop(server.url, clock, timeout_s=20, sleep=lambda s: None)

    return to


def heads(server) -> list[str]:
    return [one.split(b"\r\n")[0].decode() for one in server.asked]


# ---- asked again, or not


def test_a_read_that_failed_is_asked_again(patient):
    with faulty(DOWN, GATEWAY, GOOD) as server, patient(server) as shop:
        assert shop.order("100311") == LAMP
        assert len(server.asked) == 3


def test_a_read_is_asked_three_times_at_most(patient):
    with faulty(DOWN) as server, patient(server) as shop:
        with pytest.raises(Unavailable, match="503"):
            shop.order("100311")
        assert len(server.asked) == 3


def test_a_reply_that_breaks_off_is_asked_for_again(patient):
    with faulty(GOOD[:-9] + b"", GOOD) as server, patient(server) as shop:
        server.answers[0] = lambda connection: connection.sendall(GOOD[:-9])
        assert shop.order("100311") == LAMP
        assert len(server.asked) == 2


CHANGES = {
    "refund": lambda shop: shop.request_refund("100311", Decimal(5), "k1"),
    "cancel": lambda shop: shop.cancel("100311", "k1"),
    "address": lambda shop: shop.change_address("100311", "5 High Street", "k1"),
    "return": lambda shop: shop.request_return("100311", (), "refund", "", "k1"),
    "coupon": lambda shop: shop.grant_coupon("C1", Decimal(5), "EUR", NOON.date(), "k1"),
    "lock": lambda shop: shop.lock_account("C1", "k1"),
    "phone": lambda shop: shop.change_phone("C1", "+4930123456", "k1"),
    "reset": lambda shop: shop.reset_link("C1", "k1"),
}
READS = {
    "order": lambda shop: shop.order("100311"),
    "orders": lambda shop: shop.orders_of("C1"),
    "customer": lambda shop: shop.customer("C1"),
    "phone": lambda shop: shop.customer_by_phone("+15550101"),
    "shipment": lambda shop: shop.shipment_of("100311"),
    "refunds": lambda shop: shop.refunds_of("100311"),
    "returns": lambda shop: shop.returns_of("100311"),
    "all refunds": lambda shop: shop.refunds_of_customer("C1"),
    "products": lambda shop: shop.products("desk lamp"),
    "document": lambda shop: shop.document("invoice", "100311"),
    "coupon": lambda shop: shop.coupon("WELCOME10"),
}


@pytest.mark.parametrize("ask", CHANGES.values(), ids=CHANGES)
def test_a_change_is_never_asked_again_and_names_itself(patient, ask):
    for answer in (DOWN, lambda connection: None):
        with faulty(answer, GOOD) as server, patient(server) as shop:
            with pytest.raises(Unavailable):
                ask(shop)
            assert len(server.asked) == 1
            assert b"\r\nidempotency-key: k1\r\n" in server.asked[0].lower()


@pytest.mark.parametrize("ask", READS.values(), ids=READS)
def test_a_read_changes_nothing(patient, ask):
    with faulty(DOWN) as server, patient(server) as shop:
        with pytest.raises(Unavailable):
            ask(shop)
        assert all(one.startswith("GET ") for one in heads(server))
        assert len(server.asked) == 3


def test_a_pin_is_tried_once_and_stands_in_no_address(patient):
    with faulty(DOWN) as server, patient(server) as shop:
        with pytest.raises(Unavailable):
            shop.check_pin("C1", "2468")
        assert heads(server) == ["POST /v1/customers/C1/pin-check HTTP/1.1"]
        assert b"2468" not in server.asked[0].partition(b"\r\n\r\n")[0].partition(b"X-Shop")[0]


class Slow(EmbeddedShop):
    """Does what it is asked, and tells of the first time too late."""

    def __init__(self, *args):
        super().__init__(*args)
        self.told, self.first = threading.Event(), True

    def request_refund(self, *args):
        done = super().request_refund(*args)
        if self.first:
            self.first = False
            self.told.wait(5)
        return done


def test_a_change_whose_reply_was_lost_is_made_once_when_it_is_asked_for_again(clock):
    shop = Slow(MemoryRecords([LAMP]), clock)
    with reference_of(shop, clock) as url:
        with http_shop(url, clock, **QUICK) as far, pytest.raises(Unavailable):
            far.request_refund("100311", Decimal("20"), "k1")
        shop.told.set()
        with http_shop(url, clock, timeout_s=20) as far:
            again = far.request_refund("100311", Decimal("20"), "k1")
            assert far.refunds_of("100311") == shop.refunds_of("100311") == [again]


def test_many_who_ask_for_the_same_change_at_once_get_one(clock):
    shop = sample_shop(clock)
    with reference_of(shop, clock) as url, http_shop(url, clock, timeout_s=20) as far:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: far.request_refund("100311", Decimal("20"), "k1"), range(8)))
        assert len(set(made)) == 1
        assert shop.refunds_of("100311") == [made[0]]


# ---- in time


def took(work) -> float:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        work()
    return time.monotonic() - began


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        dripping(GOOD, 0.05),
        dripping(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 1000, 0.05),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.01),
    ],
    ids=["silent", "drips", "drips headers", "says wait for ever"],
)
def test_no_reply_takes_longer_than_the_deadline(clock, answer):
    with faulty(answer) as server, http_shop(server.url, clock, **QUICK) as shop:
        assert took(lambda: shop.order("100311")) < QUICK["timeout_s"] + SLACK_S
        assert took(lambda: shop.cancel("100311", "k1")) < QUICK["timeout_s"] + SLACK_S


def test_a_server_that_takes_nobody_in_is_given_up(clock):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        with http_shop(f"http://127.0.0.1:{address[1]}", clock, **QUICK) as shop:
            assert took(lambda: shop.order("100311")) < QUICK["timeout_s"] + SLACK_S
        for one in waiting:
            one.close()


def test_a_server_that_is_not_there_is_told_at_once(clock):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with http_shop(url, clock, sleep=lambda s: None) as shop:
        with pytest.raises(Unavailable, match="cannot be reached"):
            shop.order("100311")
        with pytest.raises(Unavailable, match="cannot be reached"):
            shop.cancel("100311", "k1")


def test_pauses_grow_and_none_begins_that_would_outlast_the_deadline(clock):
    now, pauses = [0.0], []

    def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    with faulty(DOWN) as server, http_shop(server.url, clock, sleep=sleep, monotonic=lambda: now[0]) as shop:
        with pytest.raises(Unavailable):
            shop.order("100311")
        assert pauses == [0.05, 0.1]
        pauses.clear()
    with faulty(DOWN) as server:
        hasty = http_shop(server.url, clock, timeout_s=0.2, sleep=sleep, monotonic=lambda: now[0])
        with hasty as shop, pytest.raises(Unavailable):
            shop.order("100311")
        assert pauses == [0.05]


def test_a_slow_answer_to_one_caller_holds_no_other_up(clock):
    together = threading.Barrier(4)

    class Meeting(EmbeddedShop):
        def order(self, number):
            together.wait(10)  # breaks unless four are asked at the same time
            return super().order(number)

    with (
        reference_of(Meeting(MemoryRecords([LAMP]), clock), clock) as url,
        http_shop(url, clock, timeout_s=20) as shop,
        ThreadPoolExecutor(4) as pool,
    ):
        assert list(pool.map(shop.order, ["100311"] * 4)) == [LAMP] * 4


# ---- understood, or not


def order_with(**more) -> bytes:
    return said(written(LAMP) | more)


def without(*names) -> bytes:
    return said({name: value for name, value in written(LAMP).items() if name not in names})


NONSENSE = {
    "no JSON": http("200 OK", b'{"number": '),
    "not UTF-8": http("200 OK", GOOD.partition(b"\r\n\r\n")[2].replace(b"desk", b"d\xffsk")),
    "a name twice": http("200 OK", GOOD.partition(b"\r\n\r\n")[2].replace(b"{", b'{"number": "100311", ', 1)),
    "infinite": order_with(points=float("inf")),
    "very deep": http("200 OK", b"[" * 200_000),
    "a very long number": http("200 OK", b"1" * 50_000),
    "a list": said([written(LAMP)]),
    "null": said(None),
    "nothing": http("200 OK", b""),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "HTML": http("200 OK", b"<html>log in</html>", "text/html"),
    "JSON called text": http("200 OK", GOOD.partition(b"\r\n\r\n")[2], "text/plain"),
    "compressed": http("200 OK", b"\x1f\x8b", "application/json", "Content-Encoding: gzip"),
    "another order": order_with(number="100312"),
    "an amount as a number": order_with(total=49.9),
    "an amount with three decimals": order_with(total="49.900"),
    "an endless amount": order_with(total="Infinity"),
    "an amount without currency": without("currency"),
    "no status": without("status"),
    "a status that nobody knows": order_with(status="eaten"),
    "a day that is none": order_with(eta="2026-02-30"),
    "a time instead of a day": order_with(eta="2026-11-24T12:00:00Z"),
    "a word instead of a list": order_with(items="desk lamp"),
    "items that are numbers": order_with(items=[1]),
    "more prices than items": order_with(prices=["1.00", "2.00"]),
    "yes instead of true": order_with(gift="yes"),
    "null for a text": order_with(address=None),
    "half a character": http("200 OK", GOOD.partition(b"\r\n\r\n")[2].replace(b"desk", b"\\ud800")),
    "too large": said(written(LAMP) | {"more": "x" * 1_000_000}),
    "moved": http("302 Found", b"", "text/html", "Location: /elsewhere"),
    "moved for good": http("308 Permanent Redirect", b"", "text/html", "Location: /elsewhere"),
    "too often": problem("429 Too Many Requests", "slow_down"),
    "a gateway's 404": http("404 Not Found", b"<html>not here</html>", "text/html"),
    "a framework's 404": problem("404 Not Found", "unknown_path"),
    "a 404 without a code": http("404 Not Found", b'{"title": "no", "status": 404}', PROBLEM),
    "a bad request": problem("400 Bad Request", "invalid"),
    "a validator's 422": problem("422 Unprocessable Content", "invalid"),
    "a refused read": problem("409 Conflict", "refused"),
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status that is no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "two lengths": http("200 OK", b"{}", "application/json", "Content-Length: 5"),
    "no end of headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 30_000,
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_what_cannot_be_understood_is_no_answer(patient, answer):
    with faulty(answer) as server, patient(server) as shop:
        with pytest.raises(Unavailable):
            shop.order("100311")
        assert set(heads(server)) == {"GET /v1/orders/100311 HTTP/1.1"}


def test_a_reply_that_never_ends_is_left_off(patient):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(500):
            connection.sendall(b" " * 10_000)
        pytest.fail("nobody hung up")

    told = pytest.raises(Unavailable, match="longer than 1000000 bytes")
    with faulty(endless) as server, patient(server) as shop, told:
        shop.order("100311")


def test_there_is_none_only_where_the_shop_says_so(patient):
    with faulty(problem("404 Not Found", "not_found")) as server, patient(server) as shop:
        assert shop.order("100311") is shop.shipment_of("100311") is shop.check_pin("C1", "1") is None
        assert shop.orders_of("C1") == shop.refunds_of("100311") == shop.products("lamp") == []
        assert shop.customer_by_phone("+15550101") is None
        assert shop.cancel("100311", "k1") is None


@pytest.mark.parametrize("status", ["409 Conflict", "422 Unprocessable Content"])
@pytest.mark.parametrize("ask", CHANGES.values(), ids=CHANGES)
def test_a_change_is_refused_only_where_the_shop_says_so(patient, status, ask):
    with faulty(problem(status, "refused")) as server, patient(server) as shop:
        assert ask(shop) is None
    for no_answer in (
        problem(status, "invalid"),
        problem(status, "not_found"),
        problem("404 Gone", "refused"),
    ):
        with faulty(no_answer) as server, patient(server) as shop, pytest.raises(Unavailable):
            ask(shop)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_wrong_key_is_named(patient, status):
    with faulty(problem(status, "unauthorised")) as server, patient(server) as shop:
        with pytest.raises(Unavailable, match="IVR_SHOP_KEY"):
            shop.order("100311")
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("ask", "reply"),
    [
        (lambda shop: shop.customer("C1"), written(ADA) | {"id": "C2"}),
        (
            lambda shop: shop.customer_by_phone("+15550101"),
            {"customers": [written(ADA) | {"phone": "+1555"}]},
        ),
        (lambda shop: shop.orders_of("C1"), {"orders": [written(LAMP) | {"customer": "C2"}]}),
        (lambda shop: shop.orders_of("C1"), {"orders": [written(LAMP) | {"customer": None}]}),
        (
            lambda shop: shop.shipment_of("100311"),
            {"number": "P1", "order": "1", "carrier": "", "state": "lost"},
        ),
        (
            lambda shop: shop.refunds_of("100311"),
            {"refunds": [{"number": "1", "order": "1", "amount": "1.00", "currency": "EUR"}]},
        ),
        (lambda shop: shop.returns_of("100311"), {"returns": [{"number": "1", "order": "1"}]}),
        (lambda shop: shop.coupon("WELCOME10"), {"code": "OTHER", "amount": "1.00", "currency": "EUR"}),
        (lambda shop: shop.cancel("100311", "k"), written(LAMP) | {"number": "1"}),
        (lambda shop: shop.lock_account("C1", "k"), written(ADA) | {"id": "C2"}),
        (
            lambda shop: shop.grant_coupon("C1", Decimal(1), "EUR", NOON.date(), "k"),
            {"code": "A", "amount": "1.00", "currency": "EUR"},
        ),
    ],
)
def test_what_is_somebody_else_s_is_no_answer(patient, ask, reply):
    told = pytest.raises(Unavailable, match="something else")
    with faulty(said(reply)) as server, patient(server) as shop, told:
        ask(shop)


def test_a_record_that_is_listed_twice_is_one(patient):
    with faulty(said({"orders": [written(LAMP), written(LAMP)]})) as server, patient(server) as shop:
        assert shop.orders_of("C1") == [LAMP]
    with faulty(said({"customers": [written(ADA), written(ADA)]})) as server, patient(server) as shop:
        assert shop.customer_by_phone("+15550101") == ADA


def test_two_records_of_one_name_are_no_answer(patient):
    other = written(LAMP) | {"status": "cancelled"}
    told = pytest.raises(Unavailable, match="contradicts")
    with faulty(said({"orders": [written(LAMP), other]})) as server, patient(server) as shop, told:
        shop.orders_of("C1")


def test_a_number_that_several_share_is_nobody_s(patient):
    two = [written(ADA), written(ADA) | {"id": "C2"}]
    with faulty(said({"customers": two})) as server, patient(server) as shop:
        assert shop.customer_by_phone("+15550101") is None


def test_orders_come_newest_first_whatever_their_order_was(patient):
    days = [None, "2026-01-05", "2026-11-01", "2026-03-01"]
    listed = [written(LAMP) | {"number": str(place), "placed_on": day} for place, day in enumerate(days)]
    with faulty(said({"orders": listed})) as server, patient(server) as shop:
        assert [one.number for one in shop.orders_of("C1")] == ["2", "3", "1", "0"]


def test_fields_that_are_not_known_are_passed_over(patient):
    with faulty(order_with(colour="blue", weight=1.5)) as server, patient(server) as shop:
        assert shop.order("100311") == LAMP


@pytest.mark.parametrize("amount", ["49.901", "NaN", "Infinity", "12345678901.00", "1E+30"])
def test_an_amount_that_cannot_be_said_is_refused_unasked(patient, amount):
    with faulty(GOOD) as server, patient(server) as shop:
        assert shop.request_refund("100311", Decimal(amount), "k1") is None
        assert server.asked == []


@pytest.fixture
def babbling(clock):
    with faulty(GOOD) as server, http_shop(server.url, clock, sleep=lambda s: None, **QUICK) as shop:
        yield server, shop


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=300).map(lambda body: http("200 OK", body)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda some: (
                st.lists(some, max_size=3) | st.dictionaries(st.sampled_from([*written(LAMP)]), some)
            ),
            max_leaves=10,
        ).map(said),
        st.tuples(st.integers(100, 999), st.sampled_from([PROBLEM, "application/json"])).map(
            lambda two: http(f"{two[0]} Well", b'{"code": "not_found", "title": "", "status": 1}', two[1])
        ),
    )
)
def test_whatever_a_server_says_it_is_an_answer_or_unavailable(clock, babbling, answer):
    server, shop = babbling
    server.answers[:] = [lambda connection: connection.sendall(answer)]
    for ask in (READS["order"], READS["orders"], CHANGES["refund"]):
        clock.forward(60)  # it is not left alone any more
        with suppress(Unavailable):  # any other exception fails the test
            ask(shop)


# ---- left alone


def test_a_dead_shop_is_left_alone_and_asked_again_after_ten_seconds(clock, patient):
    with faulty(DOWN) as server, patient(server) as shop:
        for _ in range(5):
            with pytest.raises(Unavailable, match="503"):
                shop.cancel("100311", "k1")
        with pytest.raises(Unavailable, match="left alone"):
            shop.cancel("100311", "k1")
        with pytest.raises(Unavailable, match="left alone"):
            shop.order("100311")
        clock.forward(9.9)
        with pytest.raises(Unavailable, match="left alone"):
            shop.order("100311")
        assert len(server.asked) == 5
        clock.forward(0.2)
        with pytest.raises(Unavailable, match="503"):
            shop.cancel("100311", "k1")
        assert len(server.asked) == 6
        with pytest.raises(Unavailable, match="left alone"):
            shop.order("100311")
        server.answers[:] = [GOOD]
        clock.forward(10.1)
        assert shop.order("100311") == LAMP
        assert shop.order("100311") == LAMP


def test_failures_count_in_a_row_only(patient):
    with faulty(*[DOWN, DOWN, DOWN, DOWN, GOOD] * 3, GOOD) as server, patient(server) as shop:
        for _ in range(3):
            for _ in range(4):
                with pytest.raises(Unavailable, match="503"):
                    shop.cancel("100311", "k1")
            assert shop.order("100311") == LAMP


def test_there_is_none_and_refused_are_no_failures(patient):
    with faulty(problem("404 Not Found", "not_found")) as server, patient(server) as shop:
        assert [shop.order("100311") for _ in range(8)] == [None] * 8
    with faulty(problem("409 Conflict", "refused")) as server, patient(server) as shop:
        assert [shop.cancel("100311", "k1") for _ in range(8)] == [None] * 8


# ---- connections


def test_one_connection_serves_several_questions(patient):
    with faulty(GOOD) as server, patient(server) as shop:
        assert [shop.order("100311") for _ in range(3)] == [LAMP] * 3
        assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_no_trouble(patient):
    with faulty(lambda connection: connection.sendall(GOOD)) as server, patient(server) as shop:
        for place in range(20):
            assert shop.order("100311") == LAMP
            assert shop.cancel("100311", f"k{place}") == LAMP


@pytest.fixture
def certificate(tmp_path):
    """A certificate of our own for localhost, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    return file


def test_https_is_spoken_with_whom_the_system_trusts(clock, certificate, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with reference_of(sample_shop(clock), clock, tls=context) as url:
        unknown = pytest.raises(Unavailable, match="cannot be reached")
        with http_shop(url, clock, timeout_s=20) as shop, unknown:
            shop.order("100311")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with http_shop(url, clock, timeout_s=20) as shop:
            assert shop.order("100311").number == "100311"
            assert shop.cancel("100417", "k1").status == "cancelled"


def test_a_handshake_that_is_not_answered_ends_at_the_deadline(clock):
    with faulty(silent) as server, http_shop(server.url.replace("http:", "https:"), clock, **QUICK) as shop:
        assert took(lambda: shop.order("100311")) < QUICK["timeout_s"] + SLACK_S
        assert took(lambda: shop.cancel("100311", "k1")) < QUICK["timeout_s"] + SLACK_S


def test_no_cookie_is_kept(patient):
    with faulty(
        http("200 OK", GOOD.partition(b"\r\n\r\n")[2], "application/json", "Set-Cookie: session=1; Path=/")
    ) as server:
        with patient(server) as shop:
            shop.order("100311")
            shop.order("100311")
        assert b"cookie" not in server.asked[1].lower()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "http://",
        "https://u:p@shop.example",
        "https://shop.example/#x",
        "https://a b/",
    ],
)
def test_an_address_that_is_none_is_told_by_the_name_of_its_setting(clock, url):
    with pytest.raises(InvalidInput, match="IVR_SHOP_URL"), http_shop(url, clock):
        pass


def test_a_path_in_the_address_goes_before_every_path(patient):
    with faulty(GOOD) as server:
        server.url += "/hotline/"
        with patient(server) as shop:
            shop.order("100311")
        assert heads(server) == ["GET /hotline/v1/orders/100311 HTTP/1.1"]


def test_the_deadline_holds_for_its_block_only():
    with deadline(0.0), deadline(1e9):
        pass
    with httpx.Client() as client, pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:1")


# ---- signed


def ask_signed(url, key=KEY, method="GET", path="/v1/orders/100311", body=b"", at=NOON, sent=None, **more):
    signed = headers(key, int(at.timestamp()), method, path, body)
    return httpx.request(
        method, url + (sent or path), content=body, headers={**signed, **more}, trust_env=False
    )


@pytest.fixture
def reference(clock):
    with reference_of(sample_shop(clock), clock, (KEY, "the-key-that-comes-next")) as url:
        yield url


def test_a_signed_request_is_answered_under_the_old_and_the_new_key(reference):
    assert ask_signed(reference).json()["number"] == "100311"
    assert ask_signed(reference, "the-key-that-comes-next").status_code == 200


def test_an_unsigned_forged_old_or_changed_request_is_refused(reference):
    late = NOON - timedelta(seconds=301)
    body = b'{"address": "5 High Street"}'
    refused = [
        httpx.get(f"{reference}/v1/orders/100311", trust_env=False),
        ask_signed(reference, "another-key-altogether"),
        ask_signed(reference, at=late),
        ask_signed(reference, at=NOON + timedelta(seconds=301)),
        ask_signed(reference, sent="/v1/orders/100378"),
        ask_signed(reference, sent="/v1/orders/100311?x=1"),
        ask_signed(reference, **{"X-Shop-Timestamp": "x"}),
        ask_signed(reference, **{"X-Shop-Signature": "v1=é".encode()}),
        ask_signed(reference, path="/nowhere", sent="/nowhere2"),
        httpx.put(
            f"{reference}/v1/orders/100417/address",
            content=body.replace(b"5", b"6"),
            headers=headers(KEY, int(NOON.timestamp()), "PUT", "/v1/orders/100417/address", body),
            trust_env=False,
        ),
    ]
    assert {one.status_code for one in refused} == {401}
    assert {one.json()["code"] for one in refused} == {"unauthorised"}
    assert ask_signed(reference, at=NOON - timedelta(seconds=299)).status_code == 200


ADDRESS = "/v1/orders/100417/address"
REFUSED = {
    "an unknown parameter": (400, "invalid", {"path": "/v1/orders/100311?x=1"}),
    "a parameter twice": (400, "invalid", {"path": "/v1/products?words=a&words=b"}),
    "no parameter": (400, "invalid", {"path": "/v1/customers"}),
    "no number": (400, "invalid", {"path": "/v1/customers?phone=ada"}),
    "an unknown path": (404, "unknown_path", {"path": "/v1/nothing"}),
    "no slash where one is": (404, "unknown_path", {"path": "/v1//orders/100311"}),
    "a slash where none is": (404, "not_found", {"path": "/v1/orders/100475%2Frefunds"}),
    "no name": (404, "not_found", {"path": "/v1/orders/-1"}),
    "another method": (405, "unknown_method", {"method": "DELETE"}),
    "text": (415, "unsupported_media_type", {"method": "PUT", "path": ADDRESS, "body": b'{"address": ""}'}),
    "no JSON": (
        400,
        "invalid",
        {"method": "PUT", "path": ADDRESS, "body": b"{", "Content-Type": "application/json"},
    ),
    "no key": (
        400,
        "invalid",
        {"method": "PUT", "path": ADDRESS, "body": b'{"address": ""}', "Content-Type": "application/json"},
    ),
    "a body where there is none": (
        400,
        "invalid",
        {"method": "POST", "path": "/v1/orders/100417/cancellation", "body": b"{}", "Idempotency-Key": "k"},
    ),
    "too large a body": (413, "too_large", {"method": "PUT", "path": ADDRESS, "body": b"x" * 70_000}),
}


@pytest.mark.parametrize(("status", "code", "how"), REFUSED.values(), ids=REFUSED)
def test_the_reference_server_says_why_it_does_not_answer(reference, status, code, how):
    told = ask_signed(reference, **how)
    assert (told.status_code, told.json()["status"], told.json()["code"]) == (status, status, code)
    assert told.headers["Content-Type"] == PROBLEM


def test_a_wrong_address_does_not_mean_that_nobody_has_ordered_anything(reference, clock):
    with http_shop(f"{reference}/wrong", clock, timeout_s=20) as shop, pytest.raises(Unavailable):
        shop.order("100311")


def test_a_key_is_one_change_s_only(reference, clock):
    with http_shop(reference, clock, timeout_s=20) as shop:
        assert shop.cancel("100417", "k1") is not None
        assert shop.cancel("100446", "k1") is None
        assert shop.request_refund("100311", Decimal(1), "k1") is None
        assert shop.order("100446").status == "paid"


def test_a_shop_that_cannot_tell_is_unavailable_behind_http_too(clock):
    embedded = sample_shop(clock)
    embedded.down = True
    told = pytest.raises(Unavailable, match="503")
    with reference_of(embedded, clock) as url, http_shop(url, clock, timeout_s=20) as shop, told:
        shop.order("100311")


# ---- discreet


def test_nothing_personal_is_logged_or_raised(patient):
    personal = ("100311", "C1", "15550101", "2468", "High", "Ada", "s3cret", KEY)
    bad = written(ADA) | {"name": "Ada", "language": "s3cret", "s3cret": 1}
    answers = [said(bad), said({"customers": [bad]}), DOWN, GATEWAY, problem("400 Bad Request", "invalid")]
    asks = [*READS.values(), *CHANGES.values(), lambda shop: shop.check_pin("C1", "2468")]
    heard = []
    for answer in answers:
        for ask in asks:
            with faulty(answer) as server, patient(server) as shop, capture_logs() as logs:
                with pytest.raises(Unavailable) as raised:
                    ask(shop)
                heard += [str(raised.value), *map(str, logs)]
                assert logs
    assert not [(word, line) for line in heard for word in personal if word in line]


# ---- chosen, tried out, explained


def test_the_signatures_in_the_documentation_are_right():
    page = (Path(__file__).parents[2] / "docs" / "http-shop.md").read_text()
    body = b'{"address": "5 High Street"}'
    assert sign("a-key-that-both-know", 1795435200, "GET", "/v1/customers?phone=%2B15550101", b"") in page
    assert sign("a-key-that-both-know", 1795435200, "PUT", "/v1/orders/100417/address", body) in page


def test_the_settings_choose_the_shop(tmp_path, clock):
    assert isinstance(shop_of(make_settings(tmp_path), None, clock), EmbeddedShop)
    far = shop_of(make_settings(tmp_path, shop_url="https://shop.example", shop_key=KEY), None, clock)
    assert isinstance(far, HttpShop)
    far.close()
    for key in ("", "short"):
        with pytest.raises(MissingSetting, match="IVR_SHOP_KEY"):
            shop_of(make_settings(tmp_path, shop_url="https://shop.example", shop_key=key), None, clock)
    with pytest.raises(InvalidInput, match="IVR_SHOP_URL"):
        shop_of(make_settings(tmp_path, shop_url="shop.example", shop_key=KEY), None, clock)


def test_a_check_tells_what_does_not_keep_the_contract(clock):
    known = Known("100311", "WELCOME10", "desk lamp")
    with reference_of(sample_shop(clock), clock) as url:
        assert [one.what for one in checked(url, KEY, clock, known) if not one.passed] == []
        other = {one.what for one in checked(url, "another-key-altogether", clock, known) if one.passed}
        assert other == {"no signature", "a signature by another key", "a signature that is too old"}
        wrong = Known("100999", "NONE", "qqqq")
        failed = {one.what: one.why for one in checked(url, KEY, clock, wrong) if not one.passed}
        assert failed["the order"] == "there is no such order"
        assert {"its customer", "the voucher", "the product"} < set(failed)
    with faulty(GOOD) as server:
        failed = {one.what: one.why for one in checked(server.url, KEY, clock, Known()) if not one.passed}
        assert failed["no signature"] == "it was answered with the status 200"
        assert failed["a signature by another key"] == failed["a signature that is too old"]
        assert "something else" in failed["no such order"]


def test_the_demo_back_end_passes_its_own_check_at_the_command_line(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IVR_")}
    start = {"env": environment, "cwd": tmp_path, "text": True}
    command = [sys.executable, "-m", "ivr", "shop"]
    serving = subprocess.Popen([*command, "serve"], stdout=subprocess.PIPE, **start)
    try:
        url, key = (serving.stdout.readline().strip().partition("=")[2] for _ in range(2))
        told = subprocess.run(
            [*command, "check", url, "--key", key, "--order", "100311", "--json"],
            capture_output=True,
            **start,
        )
        unknown = subprocess.run([*command, "check", url, "--key", "not-it"], capture_output=True, **start)
    finally:
        serving.terminate()
        serving.communicate()
    assert (told.returncode, told.stderr) == (0, "")
    report = json.loads(told.stdout)
    assert report["passed"] is True
    assert len(report["checks"]) > 20
    assert unknown.returncode == 1
    assert "IVR_SHOP_KEY" in unknown.stdout
