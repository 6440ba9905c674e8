"""A token proves who calls and what they may do; whatever was changed in it, it proves nothing any more."""

import base64
import hashlib
import hmac
import json

import pytest

from archlab.shop.microservices.tokens import Forbidden, Unauthenticated, authenticate, authorise, issue
from archlab.sim import Failure, Simulation

KEY = "an example of a key, 32 bytes or more"
OTHER_KEY = "another example of a key, also long enough"


def token(**changes):
    claims = {"subject": "customer 7", "scopes": ["orders:write", "orders:read"], "audience": "shop"}
    return issue(KEY, **(claims | {"expires_at_s": 600.0} | changes))


def check(text, now_s=0.0, key=KEY, audience="shop"):
    return authenticate(text, key, audience, now_s)


def encoded(part):
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_by_hand(header, claims, key=KEY):
    """RFC 7515: header and claims in base64url, and the HMAC-SHA256 of both with the dot between."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(key.encode(), text.encode(), hashlib.sha256))}"


CLAIMS = {"sub": "customer 7", "scope": "orders:write", "aud": "shop", "exp": 600}


def test_a_valid_token_says_who_calls_and_what_they_may_do():
    caller = check(token())
    assert caller.subject == "customer 7"
    assert caller.scopes == ("orders:write", "orders:read")
    authorise(caller, "orders:write")


def test_a_token_signed_by_hand_as_the_standard_says_is_valid():
    assert check(signed_by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS)).subject == "customer 7"


def test_the_signature_of_an_issued_token_is_the_one_computed_by_hand():
    text, signature = token().rsplit(".", 1)
    assert signature == encoded(hmac.digest(KEY.encode(), text.encode(), hashlib.sha256))


def test_a_known_caller_without_the_right_gets_403_and_an_unknown_one_401():
    with pytest.raises(Forbidden) as forbidden:
        authorise(check(token()), "stock:write")
    with pytest.raises(Unauthenticated) as unknown:
        check(None)
    assert (forbidden.value.outcome, unknown.value.outcome) == ("403", "401")
    assert str(forbidden.value) == "shop: not allowed to stock:write"


def test_a_right_is_a_whole_word():
    with pytest.raises(Forbidden):
        authorise(check(token(scopes=["orders:write-all"])), "orders:write")


def test_a_token_whose_claims_were_changed_is_refused():
    header, _, signature = token().split(".")
    forged = f"{header}.{encoded(CLAIMS | {'scope': 'stock:write'})}.{signature}"
    with pytest.raises(Unauthenticated, match="signature"):
        check(forged)


@pytest.mark.parametrize("place", [0, 5, -2])
def test_a_token_whose_signature_was_changed_is_refused(place):
    text, signature = token().rsplit(".", 1)
    letters = list(signature)
    letters[place] = "A" if letters[place] != "A" else "B"
    with pytest.raises(Unauthenticated, match="signature"):
        check(f"{text}.{''.join(letters)}")


def test_a_token_signed_with_another_key_is_refused():
    with pytest.raises(Unauthenticated, match="signature"):
        check(token(), key=OTHER_KEY)


@pytest.mark.parametrize("signature", ["", "c2lnbmF0dXJl"])
def test_a_token_that_says_it_needs_no_signature_is_refused(signature):
    for name in ("none", "None", "NONE"):
        forged = f"{encoded({'alg': name, 'typ': 'JWT'})}.{encoded(CLAIMS)}.{signature}"
        with pytest.raises(Unauthenticated):
            check(forged)


def test_a_token_signed_with_another_method_is_refused():
    text = f"{encoded({'alg': 'HS512', 'typ': 'JWT'})}.{encoded(CLAIMS)}"
    signature = encoded(hmac.digest(KEY.encode(), text.encode(), hashlib.sha512))
    with pytest.raises(Unauthenticated, match="not of the kind"):
        check(f"{text}.{signature}")


def test_a_token_expires_at_its_second_by_the_simulated_clock():
    assert check(token(), now_s=599.0).subject == "customer 7"
    for now_s in (600.0, 601.0):
        with pytest.raises(Unauthenticated, match="expired"):
            check(token(), now_s=now_s)


def test_a_token_that_is_long_expired_by_the_clock_on_the_wall_is_valid_in_simulated_time():
    """600 s after the start of 1970 is past; only simulated time counts."""
    assert check(token(expires_at_s=600.0), now_s=1.0).subject == "customer 7"


def test_a_token_for_somebody_else_is_refused():
    with pytest.raises(Unauthenticated, match="somebody else"):
        check(token(audience="warehouse"))


@pytest.mark.parametrize("text", [None, "", "abc", "a.b.c", "....", "Bearer x", "ü.ü.ü"])
def test_a_missing_or_malformed_token_is_refused(text):
    with pytest.raises(Unauthenticated):
        check(text)


@pytest.mark.parametrize("claim", ["sub", "scope", "aud", "exp"])
def test_a_token_without_one_of_its_claims_is_refused(claim):
    claims = {name: value for name, value in CLAIMS.items() if name != claim}
    with pytest.raises(Unauthenticated):
        check(signed_by_hand({"alg": "HS256"}, claims))


@pytest.mark.parametrize("expiry", ["soon", None, True, float("nan")])
def test_an_expiry_that_is_no_number_is_refused(expiry):
    with pytest.raises(Unauthenticated):
        check(signed_by_hand({"alg": "HS256"}, CLAIMS | {"exp": expiry}))


def test_the_same_arguments_give_the_same_token():
    assert token() == token()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scopes": ["two words"]}, "scopes has 'two words'"),
        ({"subject": ""}, "subject is ''"),
        ({"audience": ""}, "audience is ''"),
        ({"expires_at_s": -1.0}, "expires_at_s is -1.0"),
    ],
)
def test_bad_arguments_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        token(**changes)


def test_a_short_key_is_refused_by_both_sides():
    with pytest.raises(ValueError, match="key has 31 bytes; it must have 32 or more"):
        issue("k" * 31, "customer 7", [], "shop", 600.0)
    with pytest.raises(ValueError, match="key has 5 bytes"):
        authenticate(token(), "short", "shop", 0.0)


def test_a_refusal_reaches_the_one_who_waits_with_its_reason():
    sim = Simulation(seed=1)

    def service():
        yield sim.timeout(1)
        check("abc")

    def caller():
        try:
            yield sim.start(service())
        except Failure as failure:
            return failure.outcome, str(failure)

    outcome, text = sim.run(until=sim.start(caller()))
    assert outcome == "401"
    assert text == "shop: not authenticated: the token is malformed"
