"""The reference server answers as `openapi.yaml` says, to what fits it and to what does not; the client reads it so."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ivr.commerce
from ivr.commerce import wire
from ivr.commerce.model import Coupon, Customer, Order, Product, Refund, Return, Shipment
from ivr.commerce.reference import ROUTES, create_app
from ivr.commerce.samples import sample_shop
from ivr.commerce.signature import SIGNATURE_HEADER, TIME_HEADER, headers
from ivr.commerce.wire import LONGEST, RECORDS, RULES, WIDEST, is_sayable, parse, read, read_all, written
from ivr.errors import InvalidInput
from tests.conftest import NOON
from tests.contract.shop_server import KEY

DOCUMENT = yaml.safe_load((Path(ivr.commerce.__file__).parent / "openapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
ASKED = (wire.AskedRefund, wire.AskedReturn, wire.NewAddress, wire.NewPhone, wire.NewCoupon, wire.TriedPin)
TOLD = (wire.CheckedPin, wire.Link, wire.Problem)
KINDS = [*RECORDS, *ASKED, *TOLD]
TO_BE_SIGNED = "v1=as it is sent"


class Signing:
    """Signs requests that ask for it, as they come in: only there it is known what their bytes are."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        if environ.get("HTTP_X_SHOP_SIGNATURE") == TO_BE_SIGNED:
            body = environ["wsgi.input"].read()
            environ["wsgi.input"].seek(0)
            signed = headers(KEY, int(NOON.timestamp()), environ["REQUEST_METHOD"], environ["RAW_URI"], body)
            for name, value in signed.items():
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        return self._app(environ, start_response)


def loaded():
    """The document, with a server of its own."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = Signing(create_app(sample_shop(lambda: NOON), (KEY,), lambda: NOON))
    return schema


SIGNED = {TIME_HEADER: str(int(NOON.timestamp())), SIGNATURE_HEADER: TO_BE_SIGNED}
schema = loaded()


@schema.auth()
class ToBeSigned:
    def get(self, case, context):
        return SIGNED

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}


@schema.parametrize()
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_reference_server_keeps_the_contract_whatever_is_asked(case):
    case.call_and_validate()


ANSWERS = [
    ("GET", "/v1/orders/{number}", {"number": "100311"}, None),
    ("GET", "/v1/orders/{number}/shipment", {"number": "100245"}, None),
    ("GET", "/v1/orders/{number}/refunds", {"number": "100475"}, None),
    (
        "POST",
        "/v1/orders/{number}/refunds",
        {"number": "100433"},
        {"amount": "14.90", "items": ["water bottle"]},
    ),
    ("POST", "/v1/orders/{number}/returns", {"number": "100378"}, {"wish": "exchange", "reason": "it leaks"}),
    ("GET", "/v1/orders/{number}/returns", {"number": "100378"}, None),
    ("GET", "/v1/orders/{number}/documents/{kind}", {"number": "100311", "kind": "invoice"}, None),
    ("POST", "/v1/orders/{number}/cancellation", {"number": "100417"}, None),
    ("PUT", "/v1/orders/{number}/address", {"number": "100446"}, {"address": "5 High Street"}),
    ("GET", "/v1/customers", {}, {"phone": "+15550101"}),
    ("GET", "/v1/customers/{id}", {"id": "C1"}, None),
    ("GET", "/v1/customers/{id}/orders", {"id": "C1"}, None),
    ("GET", "/v1/customers/{id}/refunds", {"id": "C1"}, None),
    ("POST", "/v1/customers/{id}/pin-check", {"id": "C1"}, {"pin": "2468"}),
    (
        "POST",
        "/v1/customers/{id}/coupons",
        {"id": "C1"},
        {"amount": "5.00", "currency": "EUR", "expires_on": "2027-01-31"},
    ),
    ("POST", "/v1/customers/{id}/lock", {"id": "C1"}, None),
    ("PUT", "/v1/customers/{id}/phone", {"id": "C1"}, {"phone": "+4930123456"}),
    ("POST", "/v1/customers/{id}/password-resets", {"id": "C1"}, None),
    ("GET", "/v1/coupons/{code}", {"code": "WELCOME10"}, None),
    ("GET", "/v1/products", {}, {"words": "desk lamp"}),
]


def test_every_question_is_answered_as_the_contract_says():
    fresh, answered = loaded(), []
    for place, (method, path, names, more) in enumerate(ANSWERS):
        case = fresh[path][method].Case(
            path_parameters=names,
            headers=SIGNED
            | ({} if method == "GET" or "pin-check" in path else {"Idempotency-Key": f"k{place}"}),
            query=more if method == "GET" else None,
            **({"body": more, "media_type": "application/json"} if more and method != "GET" else {}),
        )
        response = case.call()
        assert response.status_code in (200, 201), (method, path, response.text)
        case.validate_response(response)
        answered.append((method, path.replace("{", "<").replace("}", ">")))
    assert sorted(answered) == sorted((method, path) for method, path, _ in ROUTES)


def test_every_path_of_the_document_is_served():
    written_down = {
        (method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method in ("get", "post", "put")
    }
    assert written_down == {(method, path) for method, path, *_ in ANSWERS}


def test_examples_fit_their_schemas():
    def media(node):
        if isinstance(node, dict):
            yield from (
                (node["schema"], one) for one in node.get("examples", {}).values() if "schema" in node
            )
            for below in node.values():
                yield from media(below)

    seen = 0
    for wanted, example in media(DOCUMENT):
        if "$ref" in example:
            example = DOCUMENT["components"]["examples"][example["$ref"].rpartition("/")[2]]
        validator_of(wanted["$ref"].rpartition("/")[2]).validate(example["value"])
        seen += 1
    assert seen >= 30


# ---- the document and the code that reads


def validator_of(name):
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    return jsonschema_rs.Draft202012Validator(root, validate_formats=True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_document_has_the_fields_of_every_record(kind):
    described = SCHEMAS[kind.__name__]
    shape = wire._shape(kind)
    assert set(described["properties"]) == set(shape)
    assert set(described["required"]) == {name for name, field in shape.items() if field.needed}
    assert described.get("additionalProperties", True) is (kind not in ASKED)


NAMES = st.from_regex(RULES["id"].pattern, fullmatch=True)
MONEY = st.integers(-(10**11), 10**11).map(lambda cents: Decimal(cents) / 100)
FIELDS = {
    str: st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30),
    Decimal: MONEY,
    int: st.integers(-WIDEST, WIDEST),
    date: st.dates(min_value=date(1000, 1, 1)),
}
for named, rule in RULES.items():
    FIELDS[named] = st.from_regex(rule.pattern, fullmatch=True)


def records(kind):
    def strategy(name, hint):
        ruled = FIELDS.get(f"{kind.__name__}.{name}", FIELDS.get(name))
        options = getattr(hint, "__args__", ())
        if type(None) in options:
            return st.none() | strategy(name, options[0])
        if hint in (str,) and ruled is not None:
            return ruled
        if hint in FIELDS:
            return FIELDS[hint]
        if hint is bool:
            return st.booleans()
        if getattr(hint, "__origin__", None) is tuple:
            return st.lists(strategy(name, options[0]), max_size=3).map(tuple)
        return st.sampled_from(options)

    hints = wire.get_type_hints(kind)
    made = {name: strategy(name, hint) for name, hint in hints.items()}
    if "prices" in made:
        made["prices"] = st.just(())
    return st.builds(kind, **made)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_record_comes_through_as_it_is_and_fits_the_document(kind):
    validator = validator_of(kind.__name__)

    @settings(derandomize=True, max_examples=40)
    @given(records(kind))
    def check(record):
        data = parse(json.dumps(written(record)).encode())
        validator.validate(data)
        assert read(kind, data, closed=True) == record
        assert is_sayable(record)

    check()


ODD = [
    None, True, 0, 1, 2.0, 1.5, -1, WIDEST, WIDEST + 1, "", " ", "x", "X", "é", "一", "a b", "a\n", "\0", "/", "..", "-1",
    "x" * 64, "x" * 65, "x" * LONGEST, "x" * (LONGEST + 1), "x" * 200, "x" * 201, "49.90", "49.9", "49", "-0.01", "+1.00",
    "1,00", "1e5", "NaN", "12345678901.00", "1.00\n", "٣.٠٠", "2026-11-24", "2026-02-30", "20261124", "2026-W01-1", "0000-01-01",
    "2026-11-24T00:00:00Z", "EUR", "eur", "EUR\n", "en", "eng", "en-GB", "+4930123456", "+49 30", "+1", "4930123456", "paid",
    "delivered", "refund", "right", "https://shop.example/1", "http://a", "ftp://a", "https://", "https://a b", "WELCOME10",
    [], ["x"], [1], [None], ["\0"], ["1.00"], {}, {"x": 1},
]  # fmt: skip


WHOLE = {
    type(one): written(one)
    for one in (
        Customer("C1", "Ada Brown", "+15550101"),
        Product("S1", "desk lamp", Decimal(1)),
        Order("1", "paid", Decimal(1)),
        Shipment("1", "2", "City Express", "lost"),
        Refund("1", "2", Decimal(1)),
        Return("1", "2"),
        Coupon("A", Decimal(1)),
        wire.AskedRefund(Decimal(1)),
        wire.AskedReturn("refund"),
        wire.NewAddress("5 High Street"),
        wire.NewPhone("+15550101"),
        wire.NewCoupon(Decimal(1), "EUR", date(2026, 11, 24)),
        wire.TriedPin("2468"),
        wire.CheckedPin("right"),
        wire.Link("https://shop.example"),
        wire.Problem("refused", "no", 409),
    )
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_client_reads_exactly_what_the_document_allows(kind):
    validator, whole = validator_of(kind.__name__), WHOLE[kind]
    assert validator.is_valid(whole)
    for name in whole:
        for odd in ODD:
            if (name, odd) != ("prices", ["1.00"]):  # as many as items: said in words only
                data = {**whole, name: odd}
                assert is_readable(kind, data) == validator.is_valid(data), (name, odd)
        less = {one: value for one, value in whole.items() if one != name}
        assert is_readable(kind, less) == validator.is_valid(less), name


def is_readable(kind, data):
    try:
        read(kind, data)
    except InvalidInput:
        return False
    return True


def test_all_that_is_wrong_is_told_at_once_and_none_of_what_was_said():
    with pytest.raises(InvalidInput) as raised:
        read(wire.NewCoupon, {"amount": 1.5, "currency": "secret", "colour": 1}, closed=True)
    said = str(raised.value)
    assert all(
        word in said for word in ("amount is not", "currency is not", "expires_on is missing", "'colour'")
    )
    assert "secret" not in said
    assert "1.5" not in said


def test_a_list_is_asked_for_by_name():
    assert read_all(wire.Link, {"links": [{"url": "https://a"}, {"url": "https://a"}]}, "links") == [
        wire.Link("https://a")
    ]
    for nothing in ({}, {"links": None}, [], None, {"links": {}}):
        with pytest.raises(InvalidInput):
            read_all(wire.Link, nothing, "links")
