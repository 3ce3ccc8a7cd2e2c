"""Tokens at a node that is served: beside its keys, in its log, and administered while it runs."""

from __future__ import annotations

import pytest
from tests.rooms.serving.http.served import ANN
from tests.rooms.serving.tokens.issuing import ISSUER, Issuer

from modelyard import errors
from modelyard.serving.audit import Administrator

PATH = "/public/api/v1/closed/churn/predict"


@pytest.fixture(scope="module")
def issuer():
    found = Issuer()
    yield found
    found.close()


@pytest.fixture
def guarded(served, issuer):
    """The service that takes keys takes tokens, too."""
    served.node.tokens.set(
        service="closed", issuer=ISSUER, jwks=issuer.url, audience=("churn",), scope=("predict",)
    )
    yield served
    if served.node.tokens.list():
        served.node.tokens.delete(service="closed")


def ask(served, shown=None):
    headers = {"authorization": f"Bearer {shown}"} if shown else {}
    return served.post(PATH, {"features": ANN}, **headers)


def test_tokens_and_keys_open_a_service_side_by_side(guarded, issuer):
    key = guarded.node.keys.create(service="closed", label="web")
    token = issuer.token(scope="predict", sub="ann@example.org")
    asked = issuer.asked
    for shown, kind, label in (
        (token, "token", "ann@example.org"),
        (token, "token", "ann@example.org"),
        (key.secret, "service", "web"),
    ):
        assert ask(guarded, shown).status_code == 200
        caller = guarded.noted[-1].caller
        assert (caller.kind, caller.label) == (kind, label)
    assert issuer.asked == asked + 1
    guarded.node.keys.delete(id=key.id)
    path = "/v2/models/closed.churn/infer"
    tensors = [
        {"name": name, "shape": [1], "datatype": kind, "data": [ANN[name]]}
        for name, kind in (("age", "INT64"), ("fare", "FP64"), ("city", "BYTES"))
    ]
    answer = guarded.post(path, {"inputs": tensors}, authorization=f"Bearer {token}")
    assert answer.status_code == 200


def test_whoever_is_refused_reads_why(guarded, issuer, caplog):
    nothing = ask(guarded)
    assert nothing.status_code == 401
    assert f"or a token of {ISSUER} as Bearer" in nothing.json()["detail"]
    old = ask(guarded, issuer.token(scope="predict", exp=1))
    assert (old.status_code, old.json()["detail"]) == (401, "the token has expired; get a new one")
    assert old.headers["www-authenticate"].endswith("Bearer")
    weak = ask(guarded, issuer.token())
    assert weak.status_code == 403
    assert "the token of ann lacks the scope predict" in caplog.text


def test_the_document_of_a_service_says_which_tokens_it_takes(guarded, issuer):
    token = issuer.token(scope="predict")
    answer = guarded.http.get(
        "/public/api/v1/closed/openapi", headers={"authorization": f"Bearer {token}"}
    )
    schemes = answer.json()["components"]["securitySchemes"]
    assert (
        schemes["token"]["description"] == f"a token of {ISSUER} for churn with the scope predict"
    )
    assert {"token": []} in answer.json()["security"]


def test_a_public_service_that_takes_tokens_is_not_public_any_more(served, issuer):
    path = "/public/api/v1/churn-api/price/predict"
    body = {"features": {"age": 2, "fare": 3.0}}
    told = served.node.tokens.set(service="churn-api", issuer=ISSUER, jwks=issuer.url)
    try:
        assert "tokens that the issuer made for others" in told.note
        assert served.post(path, body).status_code == 401
        token = issuer.token()
        assert served.post(path, body, authorization=f"Bearer {token}").status_code == 200
        served.node.access(service="churn-api", access="public")
        assert served.post(path, body).status_code == 200
        assert "whoever reaches the service" in served.node.tokens.list()[0].note
    finally:
        served.node.access(service="churn-api", access="package")
        served.node.tokens.delete(service="churn-api")
    assert served.post(path, body).status_code == 200


def test_tokens_are_tried_and_administered_over_http(guarded, issuer):
    admin = guarded.node.keys.create(label="ops")
    auth = {"authorization": f"Bearer {admin.secret}"}
    try:
        base = "/admin/api/services/closed"
        token = issuer.token(scope="predict")
        tried = guarded.post(f"{base}/actions/testTokens", {"token": token}, **auth).json()
        assert (tried["keys"], tried["caller"]) == (["first"], "ann")
        wrong = guarded.post(f"{base}/actions/testTokens", {"token": issuer.token()}, **auth)
        assert wrong.status_code == 403
        listed = guarded.http.get("/admin/api/tokens", headers=auth).json()
        assert [each["issuer"] for each in listed] == [ISSUER]
        assert guarded.http.delete(f"{base}/tokens", headers=auth).status_code == 200
        assert guarded.http.delete(f"{base}/tokens", headers=auth).status_code == 404
        assert ask(guarded, token).status_code == 401
    finally:
        guarded.node.keys.delete(id=admin.id)


def test_what_makes_no_sense_is_refused(served, issuer, tmp_path):
    tokens = served.node.tokens
    with pytest.raises(errors.Unavailable, match="--unseen keeps it all the same"):
        tokens.set(service="closed", issuer=ISSUER, jwks="http://127.0.0.1:1/keys")
    for wrong in (
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks": issuer.url, "jwks_file": "keys.json"},
        {"issuer": ISSUER, "jwks": "http://login.example.org/keys"},
        {"issuer": ISSUER, "jwks": issuer.url, "algorithm": ("HS256",)},
        {"issuer": ISSUER, "jwks": issuer.url, "algorithm": ("none",)},
        {"issuer": "", "jwks": issuer.url},
    ):
        with pytest.raises(errors.Invalid):
            tokens.set(service="closed", **wrong)
    remote = served.node.acting(Administrator("ops", key="k"))
    with pytest.raises(errors.Forbidden, match="by their address"):
        remote.tokens.set(service="closed", issuer=ISSUER, jwks_file=str(tmp_path / "keys.json"))
    assert tokens.list() == []
