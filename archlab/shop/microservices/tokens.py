"""Tokens: who calls (authentication), and what that caller may do (authorisation).

A token is a JSON Web Token (RFC 7519), really signed with HMAC-SHA256: whoever knows the key can issue and check it,
and nobody else can change a letter of it. It is signed, not encrypted: anybody can read its claims.

Time is simulated. The library would compare the expiry with the clock of this machine, so that check is switched off
there and made here, with the time that is passed in.

What this leaves out: revocation (a token is good until it expires, whatever happened to its owner), keys that change,
and signatures with a key pair, which let a service check tokens without being able to issue them.

>>> key = "an example of a key, 32 bytes or more"
>>> token = issue(key, subject="customer 7", scopes=["orders:write"], audience="shop", expires_at_s=600.0)
>>> caller = authenticate(token, key, audience="shop", now_s=60.0)
>>> caller.subject, caller.may("orders:write"), caller.may("stock:write")
('customer 7', True, False)
>>> authenticate(token, key, audience="shop", now_s=600.0)
Traceback (most recent call last):
archlab.shop.microservices.tokens.Unauthenticated: shop: not authenticated: the token has expired
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from archlab.sim.failure import Failure
from archlab.sim.validation import require_non_negative

ALGORITHM = "HS256"
NO_WALL_CLOCK = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
KEY_BYTES = 32
"""The least a key must have: as many as the hash it is used with (RFC 7518, section 3.2)."""


class Unauthenticated(Failure):
    """Nobody knows who calls. HTTP's word for it is 401 Unauthorized, which is the wrong one."""

    outcome = "401"
    what = "not authenticated"

    def __init__(self, part: str, reason: str = "no reason given") -> None:
        super().__init__(part)
        self.args = (part, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.part}: {self.what}: {self.reason}"


class Forbidden(Failure):
    """The caller is known, and may not do this: HTTP's 403 Forbidden."""

    outcome = "403"
    what = "not allowed"

    def __init__(self, part: str, scope: str = "this") -> None:
        super().__init__(part)
        self.args = (part, scope)
        self.scope = scope

    def __str__(self) -> str:
        return f"{self.part}: {self.what} to {self.scope}"


@dataclass(frozen=True)
class Caller:
    """Whom a valid token speaks for: `subject`, what it may do, and where the token is good."""

    subject: str
    scopes: tuple[str, ...]
    audience: str

    def may(self, scope: str) -> bool:
        """Whether the token allows this."""
        return scope in self.scopes


def issue(key: str | bytes, subject: str, scopes: Iterable[str], audience: str, expires_at_s: float) -> str:
    """Return a signed token. The same arguments give the same token.

    Args:
        key: 32 bytes or more, the secret of those who issue and check.
        scopes: what it allows: words without spaces.
        audience: for whom it is good, such as "shop".
        expires_at_s: simulated time from which it is good no more.

    Raises:
        ValueError: when an argument is not allowed.
    """
    import jwt  # it brings a library of cryptography: loaded when it is used

    _require_key(key)
    require_non_negative("expires_at_s", expires_at_s)
    claims = {"sub": subject, "scope": _joined(scopes), "aud": audience, "exp": expires_at_s}
    for name, value in (("subject", subject), ("audience", audience)):
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} is {value!r}; it must be a text of at least one character")
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def authenticate(token: str | None, key: str | bytes, audience: str, now_s: float) -> Caller:
    """Return who the caller is.

    Raises:
        Unauthenticated: when the token is missing or malformed, its signature does not fit the key (nor does
            "none", no signature at all), it is for another audience, or it has expired at `now_s`.
        ValueError: when the key is too short: a mistake of the service, not of the caller.
    """
    _require_key(key)
    if not token:
        raise Unauthenticated(audience, "there is no token")
    claims = _verified_claims(token, key, audience)
    if now_s >= _expiry_s(claims, audience):
        raise Unauthenticated(audience, "the token has expired")
    return Caller(str(claims["sub"]), tuple(str(claims["scope"]).split()), audience)


def authorise(caller: Caller, scope: str) -> None:
    """Raise `Forbidden` unless the caller may do this."""
    if not caller.may(scope):
        raise Forbidden(caller.audience, scope)


def _verified_claims(token: str, key: str | bytes, audience: str) -> Mapping[str, Any]:
    """Return the claims of a token whose signature and audience are right."""
    import jwt

    options: Any = {**NO_WALL_CLOCK, "require": ["sub", "scope", "aud", "exp"]}
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM], audience=audience, options=options)
    except jwt.InvalidTokenError as error:
        raise Unauthenticated(
            audience, REASONS.get(type(error).__name__, "the token is malformed")
        ) from error


REASONS: Mapping[str, str] = {
    "InvalidSignatureError": "the signature does not fit",
    "InvalidAlgorithmError": "the signature is not of the kind that is asked for",
    "InvalidAudienceError": "the token is for somebody else",
    "MissingRequiredClaimError": "a claim is missing",
}
"""The errors of `jwt` by their names."""


def _expiry_s(claims: Mapping[str, Any], audience: str) -> float:
    """Return when a token expires; its signature says that we wrote it, not that it makes sense."""
    expiry_s = claims["exp"]
    if isinstance(expiry_s, bool) or not isinstance(expiry_s, int | float) or not isfinite(expiry_s):
        raise Unauthenticated(audience, "the token is malformed")
    return float(expiry_s)


def _require_key(key: str | bytes) -> None:
    size = len(key.encode() if isinstance(key, str) else key)
    if size < KEY_BYTES:
        raise ValueError(f"key has {size} bytes; it must have {KEY_BYTES} or more")


def _joined(scopes: Iterable[str]) -> str:
    words = [scopes] if isinstance(scopes, str) else list(scopes)
    for word in words:
        if not isinstance(word, str) or not word or word.split() != [word]:
            raise ValueError(f"scopes has {word!r}; each must be a word without spaces")
    return " ".join(words)
