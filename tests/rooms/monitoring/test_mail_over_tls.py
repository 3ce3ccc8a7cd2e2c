"""Mail over TLS with a login, to a real server with a certificate of its own."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.rooms.monitoring.receivers import mail_server

from modelyard import errors
from modelyard.sending import mail

USER, PASSWORD = "yard@example.org", "pass: word\\1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("mail") / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return str(file)


@pytest.fixture(params=["starttls", "tls"])
def letters(request, certificate, monkeypatch):
    """What a mail server takes over TLS, from whoever signs in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    signed_in = []

    def lets_in(_server, _session, _envelope, _mechanism, login):
        is_known = login == LoginPassword(USER.encode(), PASSWORD.encode())
        signed_in.append(is_known)
        return AuthResult(success=is_known, handled=False)

    if request.param == "tls":
        options = {"ssl_context": context, "auth_require_tls": False}
    else:
        options = {"tls_context": context, "require_starttls": True, "auth_required": True}
    with mail_server(authenticator=lets_in, **options) as (found, port):
        found.signed_in = signed_in
        for name, value in (
            *(("HOST", "127.0.0.1"), ("PORT", str(port)), ("SECURITY", request.param)),
            *(("USER", USER), ("PASSWORD", PASSWORD)),
        ):
            monkeypatch.setenv(f"MODELYARD_MAIL__{name}", value)
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        yield found


def test_a_letter_is_taken_from_who_signs_in(letters, alerting):
    alerting.yard.alerts.create(name="team", mail=("ada@example.org",))
    assert alerting.yard.alerts.test(name="team").state == "sent"
    (letter,) = letters.taken
    assert letters.signed_in == [True]
    assert (letter["From"], letter["To"]) == (USER, "ada@example.org")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("hush-hush", rf"does not let {USER} in \(code 535\)"),
        ("hush-hüsh", "hold other letters"),
    ],
)
def test_a_wrong_password_is_told_and_not_repeated(letters, alerting, password, said):
    settings = alerting.yard.open().settings.mail.model_copy(update={"password": password})
    with pytest.raises(errors.Unavailable, match=said) as told:
        mail.send(settings, ["a@b.org"], subject="s", text="t", key="k", seconds=5)
    assert "hush" not in str(told.value)
    assert letters.taken == []


def test_nothing_is_told_to_a_server_that_nobody_vouches_for(letters, alerting, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    alerting.yard.alerts.create(name="team", mail=("ada@example.org",))
    with pytest.raises(errors.Failed, match="CERTIFICATE_VERIFY_FAILED"):
        alerting.yard.alerts.test(name="team")
    assert letters.taken == []
