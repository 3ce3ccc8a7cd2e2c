"""Which tokens open a service, and what an issuer that rotates its keys or is away changes."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.rooms.serving.tokens.issuing import ISSUER, Issuer

from modelyard import errors
from modelyard.serving.tokens import doors, keys, verifying
from modelyard.serving.tokens.doors import Door, Doors
from modelyard.serving.tokens.keys import IssuerKeys, keys_in
from modelyard.serving.tokens.types import TokenTrust


@pytest.fixture(scope="module")
def issuer():
    found = Issuer()
    yield found
    found.close()


@pytest.fixture
def trust(issuer):
    return TokenTrust(
        issuer=ISSUER,
        jwks=issuer.url,
        audience=("churn", "others"),
        scope=("predict",),
        claim={"tenant": "north"},
    )


FINE = {"scope": "read predict", "tenant": ["south", "north"]}


def opened(door: Door, token: str) -> str:
    return asyncio.run(door.caller(token))


def test_a_token_that_says_all_that_is_wanted_opens_and_names_its_caller(issuer, trust):
    door = Door("churn-api", trust)
    assert opened(door, issuer.token(**FINE)) == "ann"
    listed = issuer.token(scope=["predict"], tenant="north", aud=["x", "others"], sub="bob")
    assert opened(door, listed) == "bob"
    named = trust.model_copy(update={"caller_claim": "client_id", "scope_claim": "scp"})
    token = issuer.token(scp="predict", tenant="north", client_id="web", sub=None)
    assert opened(Door("churn-api", named), token) == "web"


NOW = int(time.time())
REFUSED = [
    ({"exp": NOW - 61}, "expired"),
    ({"exp": None}, "lacks the claim exp"),
    ({"exp": "tomorrow"}, "'exp'"),
    ({"nbf": NOW + 86_400}, "'nbf'"),
    ({"aud": "somebody"}, "'aud'"),
    ({"aud": None}, "lacks the claim aud"),
    ({"iss": "https://login.example.com"}, "'iss'"),
    ({"iss": None}, "lacks the claim iss"),
    ({"sub": None}, "lacks the claim sub, which names the caller"),
    ({"sub": ["ann"]}, "'sub'"),
]


@pytest.mark.parametrize(("claims", "said"), REFUSED)
def test_a_token_that_is_not_for_this_service_is_not_believed(issuer, trust, claims, said):
    with pytest.raises(errors.Unauthenticated) as caught:
        opened(Door("churn-api", trust), issuer.token(**(FINE | claims)))
    assert said in caught.value.detail


def test_clocks_may_differ_by_some_seconds(issuer, trust):
    token = issuer.token(**FINE, exp=int(time.time()) - 30, nbf=int(time.time()) + 30)
    assert opened(Door("churn-api", trust), token) == "ann"
    strict = trust.model_copy(update={"skew_seconds": 0})
    with pytest.raises(errors.Unauthenticated):
        opened(Door("churn-api", strict), token)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"scope": "predictions"}, "the token of ann lacks the scope predict"),
        ({"scope": None}, "lacks the scope predict"),
        ({"scope": 7}, "lacks the scope predict"),
        ({"tenant": "east"}, "does not say tenant=north"),
        ({"tenant": {"north": 1}}, "does not say tenant=north"),
    ],
)
def test_a_caller_without_the_rights_is_told_which_are_lacking(issuer, trust, claims, said):
    with pytest.raises(errors.Forbidden) as caught:
        opened(Door("churn-api", trust), issuer.token(**(FINE | claims)))
    assert said in caught.value.detail


def test_only_signatures_of_the_issuer_are_believed(issuer, trust):
    door = Door("churn-api", trust)
    other = RSAKey.generate_key(2048)
    forged = issuer.token(**FINE, key=other)
    whole = issuer.token(**FINE)
    head, body, signature = whole.split(".")
    changed = ".".join([head, issuer.token(**FINE, sub="root").split(".")[1], signature])
    confused, unsigned = issuer.confused(), issuer.unsigned()
    embedded = issuer.token(
        **FINE, key=other, header={"jwk": other.as_dict(private=False), "jku": "http://x/keys"}
    )
    broken = ["a.b.c", "..", f"{head}.{body}.", f"{head}.!.{signature}", whole[:-8] + "AAAAAAAA"]
    for token in (forged, changed, confused, unsigned, embedded, *broken):
        with pytest.raises(errors.Unauthenticated):
            opened(door, token)
    narrow = trust.model_copy(update={"algorithm": ("ES256",)})
    with pytest.raises(errors.Unauthenticated, match="'RS256'; believed are: ES256"):
        opened(Door("churn-api", narrow), whole)


def test_a_token_is_verified_once_until_it_expires_or_keys_change(issuer, trust, monkeypatch):
    verified, moment = [], [time.time()]
    verify = verifying.verify
    monkeypatch.setattr(doors, "verify", lambda *given: (verified.append(1), verify(*given))[1])
    monkeypatch.setattr(doors.time, "time", lambda: moment[0])

    async def main():
        door = Doors().of("churn-api", trust)
        token = issuer.token(**FINE)
        assert door.known(token) is None
        assert await door.caller(token) == "ann"
        assert [door.known(token) for _ in range(3)] == ["ann"] * 3
        assert len(verified) == 1
        moment[0] += 300 + 61
        assert door.known(token) is None
        moment[0] -= 361
        door.keys.version += 1
        assert door.known(token) is None

    asyncio.run(main())


def test_the_memory_of_tokens_is_bounded(issuer, trust, monkeypatch):
    monkeypatch.setattr(doors, "MOST_REMEMBERED", 4)

    async def main():
        door = Door("churn-api", trust)
        tokens = [issuer.token(**FINE, jti=str(number)) for number in range(6)]
        for token in tokens:
            await door.caller(token)
        return [door.known(token) for token in tokens]

    assert asyncio.run(main()) == [None, None, "ann", "ann", "ann", "ann"]


@pytest.fixture
def rotating():
    found = Issuer()
    yield found
    found.close()


def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_token(rotating):
    issuer, now = rotating, [0.0]
    trust = TokenTrust(issuer=ISSUER, jwks=issuer.url)

    async def main():
        known = IssuerKeys(trust, lambda: now[0])
        assert (await known.find("first", "RS256")).kid == "first"
        old = issuer.token()
        issuer.rotate("second")
        now[0] += keys.NEW_KEY_AFTER
        several = await asyncio.gather(*(known.find("second", "ES256") for _ in range(20)))
        assert {each.kid for each in several} == {"second"}
        assert (issuer.asked, known.version) == (2, 2)
        for name in ("nobody", "first", None):  # the old key is gone, and strangers ask for nothing
            with pytest.raises(errors.Unauthenticated):
                await known.find(name, "RS256")
        assert issuer.asked == 2
        assert (await known.find(None, "ES256")).kid == "second"
        return old

    asyncio.run(main())


def test_an_issuer_that_is_away_takes_no_key_away(rotating, caplog):
    issuer, now = rotating, [0.0]
    trust = TokenTrust(issuer=ISSUER, jwks=issuer.url, refresh_minutes=1)

    async def main():
        known = IssuerKeys(trust, lambda: now[0])
        await known.find("first", "RS256")
        issuer.up = False
        for _ in range(3):
            now[0] += 60
            assert (await known.find("first", "RS256")).kid == "first"
            await known._read()
        assert issuer.asked == 4
        issuer.up, now[0] = True, now[0] + 60
        issuer.rotate("second")
        await known.find("first", "RS256")  # nobody waits for the refresh
        await known._read()
        assert (await known.find("second", "ES256")).kid == "second"

        fresh, issuer.up = IssuerKeys(trust, lambda: now[0]), False
        asked = issuer.asked
        for _ in range(3):
            with pytest.raises(errors.Unavailable, match="it answers 500"):
                await fresh.find("second", "ES256")
        assert issuer.asked == asked + 1  # it is asked again after some seconds
        issuer.up, now[0] = True, now[0] + keys.AGAIN_AFTER
        assert (await fresh.find("second", "ES256")).kid == "second"

    asyncio.run(main())
    told = [record.message for record in caplog.records]
    assert len(told) == 2
    assert "those that are known hold on" in told[0]


def test_a_file_of_keys_is_read_again(tmp_path):
    now, file = [0.0], tmp_path / "keys.json"
    first, second = (ECKey.generate_key("P-256", {"kid": name}) for name in ("first", "second"))
    trust = TokenTrust(issuer=ISSUER, jwks_file=str(file))

    async def main():
        known = IssuerKeys(trust, lambda: now[0])
        with pytest.raises(errors.Unavailable, match="No such file"):
            await known.find("first", "ES256")
        file.write_text(json.dumps({"keys": [first.as_dict(private=False)]}))
        now[0] += keys.AGAIN_AFTER
        assert (await known.find("first", "ES256")).kid == "first"
        file.write_text(json.dumps({"keys": [second.as_dict(private=False)]}))
        now[0] += keys.FILE_EVERY
        assert (await known.find("second", "ES256")).kid == "second"

    asyncio.run(main())


def test_of_a_set_only_keys_that_check_signatures_are_taken(recwarn):
    trust = TokenTrust(issuer=ISSUER, jwks="https://login.example.org/keys")
    good = ECKey.generate_key("P-256", {"kid": "good"}).as_dict(private=False)
    short = {"kty": "RSA", "kid": "short", "e": "AQAB", "n": "sXch" * 40}
    others = [
        {**good, "kid": "encrypts", "use": "enc"},
        {**good, "kid": "signs", "key_ops": ["sign"]},
        {**good, "kid": "curve", "crv": "P-1"},
        OctKey.import_key("secret" * 10, {"kid": "shared"}).as_dict(),
        {"kty": "AKP", "kid": "tomorrow"},
        short,
        "no key",
    ]
    text = json.dumps({"keys": [*others, good]}).encode()
    assert [key.kid for key in keys_in(text, trust)] == ["good"]
    for wrong in (b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": []}', b"[" * 100_000):
        with pytest.raises(errors.Unavailable):
            keys_in(wrong, trust)
