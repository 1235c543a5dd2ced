"""A reference server for the contract (`openapi.yaml`): any `Shop` over HTTP, for tests and for trying out.

Whatever is sent to it, it answers as the contract says: what it does not take is a problem (RFC 9457).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ivr.commerce.model import Coupon, Customer, Order, Refund, Return
from ivr.commerce.signature import SIGNATURE_HEADER, TIME_HEADER, is_signed
from ivr.commerce.wire import (
    AskedRefund,
    AskedReturn,
    Link,
    NewAddress,
    NewCoupon,
    NewPhone,
    Problem,
    TriedPin,
    fits,
    parse,
    read,
    written,
)
from ivr.errors import InvalidInput, Unavailable
from ivr.ports import Clock, Shop

R = TypeVar("R")
Answer = tuple[Mapping[str, object], int]
log = structlog.get_logger(__name__)
MOST_BYTES = 65_536
"""No question needs more."""
LONGEST_KEY = 255
"""Characters of an idempotency key."""
PIN = {True: "right", False: "wrong", None: "not_set"}
QUERIES = {"/v1/customers": "phone", "/v1/products": "words"}
"""What is searched for where; no other path takes a query."""


class Refusal(Exception):
    """What is not done, and why."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


class Counter:
    """Answers each question of the contract from a shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    # ---- look-ups

    def order(self, number: str) -> Answer:
        """An order."""
        return _found(self._shop.order(number))

    def shipment(self, number: str) -> Answer:
        """The newest parcel of an order."""
        return _found(self._shop.shipment_of(number))

    def refunds(self, number: str) -> Answer:
        """The refunds of an order."""
        return _listed("refunds", self._shop.refunds_of(number))

    def returns(self, number: str) -> Answer:
        """What is on its way back of an order."""
        return _listed("returns", self._shop.returns_of(number))

    def document(self, number: str, kind: str) -> Answer:
        """Where a document of an order is."""
        url = self._shop.document(kind, number)
        return _found(None if url is None else Link(url))

    def customers(self) -> Answer:
        """Who has a telephone number."""
        known = self._shop.customer_by_phone(_query("phone"))
        return _listed("customers", [known] if known else [])

    def customer(self, id: str) -> Answer:
        """A customer."""
        return _found(self._shop.customer(id))

    def orders(self, id: str) -> Answer:
        """A customer's orders."""
        return _listed("orders", self._shop.orders_of(id))

    def refunds_of_customer(self, id: str) -> Answer:
        """The refunds of a customer's orders."""
        return _listed("refunds", self._shop.refunds_of_customer(id))

    def pin(self, id: str) -> Answer:
        """Whether it is a customer's PIN."""
        tried = _body(TriedPin)
        if self._shop.customer(id) is None:
            raise _not_found()
        return {"result": PIN[self._shop.check_pin(id, tried.pin)]}, 200

    def coupon(self, code: str) -> Answer:
        """A voucher."""
        return _found(self._shop.coupon(code))

    def products(self) -> Answer:
        """What some words may mean."""
        return _listed("products", self._shop.products(_query("words")))

    # ---- changes

    def refund(self, number: str) -> Answer:
        """A refund is asked for."""
        asked, key = _body(AskedRefund), _key()
        done = self._shop.request_refund(number, asked.amount, key, asked.items)
        return self._of_order(Refund, done, number, 201, order=number)

    def give_back(self, number: str) -> Answer:
        """Items shall come back."""
        asked, key = _body(AskedReturn), _key()
        done = self._shop.request_return(number, asked.items, asked.wish, asked.reason, key)
        return self._of_order(Return, done, number, 201, order=number)

    def cancel(self, number: str) -> Answer:
        """An order is cancelled."""
        done = self._shop.cancel(number, _bare_key())
        return self._of_order(Order, done, number, 200, number=number)

    def address(self, number: str) -> Answer:
        """An order goes elsewhere."""
        asked, key = _body(NewAddress), _key()
        done = self._shop.change_address(number, asked.address, key)
        return self._of_order(Order, done, number, 200, number=number)

    def grant(self, id: str) -> Answer:
        """A customer gets a voucher."""
        asked, key = _body(NewCoupon), _key()
        done = self._shop.grant_coupon(id, asked.amount, asked.currency, asked.expires_on, key)
        return self._of_customer(Coupon, done, id, 201, customer=id)

    def lock(self, id: str) -> Answer:
        """An account is locked."""
        return self._of_customer(Customer, self._shop.lock_account(id, _bare_key()), id, 200, id=id)

    def phone(self, id: str) -> Answer:
        """A customer has another telephone number."""
        asked, key = _body(NewPhone), _key()
        return self._of_customer(Customer, self._shop.change_phone(id, asked.phone, key), id, 200, id=id)

    def reset(self, id: str) -> Answer:
        """A customer sets a new password."""
        url = self._shop.reset_link(id, _bare_key())
        return self._of_customer(Link, None if url is None else Link(url), id, 201)

    def _of_order(self, kind: type, done: object, asked: str, status: int, /, **about: str) -> Answer:
        if done is None and self._shop.order(asked) is None:
            raise _not_found()
        return _done(kind, done, status, about)

    def _of_customer(self, kind: type, done: object, asked: str, status: int, /, **about: str) -> Answer:
        if done is None and self._shop.customer(asked) is None:
            raise _not_found()
        return _done(kind, done, status, about)


ROUTES: Sequence[tuple[str, str, Callable[..., Answer]]] = (
    ("GET", "/v1/orders/<number>", Counter.order),
    ("GET", "/v1/orders/<number>/shipment", Counter.shipment),
    ("GET", "/v1/orders/<number>/refunds", Counter.refunds),
    ("POST", "/v1/orders/<number>/refunds", Counter.refund),
    ("GET", "/v1/orders/<number>/returns", Counter.returns),
    ("POST", "/v1/orders/<number>/returns", Counter.give_back),
    ("GET", "/v1/orders/<number>/documents/<kind>", Counter.document),
    ("POST", "/v1/orders/<number>/cancellation", Counter.cancel),
    ("PUT", "/v1/orders/<number>/address", Counter.address),
    ("GET", "/v1/customers", Counter.customers),
    ("GET", "/v1/customers/<id>", Counter.customer),
    ("GET", "/v1/customers/<id>/orders", Counter.orders),
    ("GET", "/v1/customers/<id>/refunds", Counter.refunds_of_customer),
    ("POST", "/v1/customers/<id>/pin-check", Counter.pin),
    ("POST", "/v1/customers/<id>/coupons", Counter.grant),
    ("POST", "/v1/customers/<id>/lock", Counter.lock),
    ("PUT", "/v1/customers/<id>/phone", Counter.phone),
    ("POST", "/v1/customers/<id>/password-resets", Counter.reset),
    ("GET", "/v1/coupons/<code>", Counter.coupon),
    ("GET", "/v1/products", Counter.products),
)


def create_app(shop: Shop, keys: Sequence[str], clock: Clock) -> Flask:
    """Return the server as a WSGI application; requests are signed with one of the keys."""
    app = Flask("shop", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.url_map.merge_slashes = False  # a redirect is no answer
    counter = Counter(shop)
    for method, path, answer in ROUTES:
        app.add_url_rule(
            path,
            f"{method} {path}",
            _view(counter, answer),
            methods=[method],
            provide_automatic_options=False,
        )
    app.before_request(lambda: _check(keys, clock))
    app.register_error_handler(Exception, _problem)
    return app


def server(app: Flask, port: int = 0) -> BaseWSGIServer:
    """Return a server on loopback; run its `serve_forever`, end it by `shutdown` and `server_close`."""
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)


class _Quiet(WSGIRequestHandler):
    """Logs nothing: addresses carry people's numbers."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


def _view(counter: Counter, answer: Callable[..., Answer]) -> Callable[..., Response]:
    def view(**names: str) -> Response:
        data, status = answer(counter, **names)
        return _json(data, status, "application/json")

    return view


def _json(data: Mapping[str, object], status: int, kind: str) -> Response:
    text = json.dumps(data, ensure_ascii=False)
    return Response(text, status, {"Cache-Control": "no-store"}, content_type=kind)


# ---- what is asked


def _check(keys: Sequence[str], clock: Clock) -> None:
    """Refuse what is not signed, and what the contract does not know."""
    target, body = request.environ["RAW_URI"], request.get_data()
    time, signature = request.headers.get(TIME_HEADER, ""), request.headers.get(SIGNATURE_HEADER, "")
    if not is_signed(keys, int(clock().timestamp()), request.method, target, body, time, signature):
        raise Refusal(401, "unauthorised", "the signature is missing, wrong or too old")
    hidden = "%2f" in target.partition("?")[0].lower()  # a slash that would be taken for one of the path
    if hidden or not all(fits(name, text) for name, text in (request.view_args or {}).items()):
        raise _not_found()
    allowed = QUERIES.get(request.path)
    if any(name != allowed for name in request.args):
        raise Refusal(400, "invalid", "the query has a parameter that is not known here")


def _query(name: str) -> str:
    given = request.args.getlist(name)
    if len(given) != 1 or not given[0] or not fits(name, given[0]):
        raise Refusal(400, "invalid", f"the query must have one parameter '{name}' of the right form")
    return given[0]


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in key):
        raise Refusal(400, "invalid", "the header Idempotency-Key is missing, too long or not plain ASCII")
    return key


def _bare_key() -> str:
    if request.get_data():
        raise Refusal(400, "invalid", "there must be no body")
    return _key()


def _body(kind: type[R]) -> R:
    if request.mimetype != "application/json":
        raise Refusal(415, "unsupported_media_type", "the body must be application/json")
    try:
        return read(kind, parse(request.get_data()), closed=True)
    except InvalidInput as fault:
        raise Refusal(400, "invalid", str(fault)) from None


# ---- what is answered


def _found(record: object | None) -> Answer:
    if record is None:
        raise _not_found()
    return written(record), 200


def _listed(name: str, records: Sequence[object]) -> Answer:
    return {name: [written(one) for one in records]}, 200


def _done(kind: type, done: object, status: int, about: Mapping[str, str]) -> Answer:
    if done is None:
        raise Refusal(409, "refused", "the shop does not do this in the present state")
    if not isinstance(done, kind) or any(getattr(done, name) != one for name, one in about.items()):
        raise Refusal(409, "refused", "the idempotency key has been used for another change")
    return written(done), status


def _not_found() -> Refusal:
    return Refusal(404, "not_found", "the shop has no such record")


def _problem(error: Exception) -> Response:
    """Return any failure as problem details."""
    match error:
        case Refusal():
            status, code, detail = error.status, error.code, str(error)
        case Unavailable():
            status, code, detail = 503, "unavailable", "the shop cannot tell at present"
        case HTTPException():
            status, code, detail = _http(error)
        case _:
            log.error("question failed", asked=request.method, exc_info=error)
            status, code, detail = 500, "error", "something went wrong here"
    answer = _json(
        written(Problem(code, _TITLES.get(status, "Error"), status, detail=detail)),
        status,
        "application/problem+json",
    )
    if isinstance(error, HTTPException):
        answer.headers.extend(one for one in error.get_headers() if one[0] == "Allow")
    if status == 401:
        answer.headers["WWW-Authenticate"] = SIGNATURE_HEADER
    return answer


def _http(error: HTTPException) -> tuple[int, str, str]:
    status = error.code or 500
    return status, _CODES.get(status, "invalid"), error.description or error.name


_CODES = {404: "unknown_path", 405: "unknown_method", 413: "too_large"}
_TITLES: Mapping[int, str] = {
    400: "The request does not keep the contract",
    401: "The request is not signed",
    404: "There is none",
    405: "The method is not known here",
    409: "The shop refuses",
    413: "The request is too large",
    415: "The request is not JSON",
    503: "The shop cannot tell",
}
