"""Who is told what: real receivers, a clock that is told the time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from modelyard import errors
from modelyard.kernel.alert_settings import MailSettings
from modelyard.monitoring.alerting import outbox
from modelyard.sending import mail
from modelyard.sending.webhooks import signed

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ONLY = ("scenario",)
DAY = 86_400


class TestWebhook:
    def test_tells_once_with_a_signature_that_a_library_verifies(self, alerting, hook, monkeypatch):
        made = alerting.yard.alerts.create(name="team", webhook=hook.url, only=ONLY)
        alerting.scenario("failed")
        assert [alerting.tick() for _ in range(3)] == [1, 0, 0]
        ((headers, body),) = hook.taken
        headers = {name.lower(): value for name, value in headers.items()}
        stamp = int(headers["webhook-timestamp"])
        assert stamp == alerting.now
        again = signed(made.secret, headers["webhook-id"], stamp, body)
        assert again["webhook-signature"] == headers["webhook-signature"]
        document = json.loads(body)
        assert document["type"] == "modelyard.alert"
        (change,) = document["data"]["changes"]
        assert change["kind"] == "scenario"
        assert (change["name"], change["before"], change["after"]) == ("nightly", "none", "error")
        assert change["why"] == "step 1 (look) failed: no rows"
        (message,) = alerting.yard.alerts.messages(alert="team")
        assert (message.state, message.attempts, message.sending) == (
            "sent",
            1,
            headers["webhook-id"],
        )

    def test_signs_as_the_standard_says(self):
        """The library that the standard's authors publish verifies it, at the present time."""
        stamp, body = int(datetime.now(UTC).timestamp()), '{"a": "é"}'.encode()
        headers = signed(SECRET, "msg_1", stamp, body)
        assert Webhook(SECRET).verify(body, headers) == {"a": "é"}

    def test_a_receiver_that_is_away_for_an_hour_gets_all_of_it_once(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url, on="change", only=ONLY)
        hook.status = 503
        alerting.scenario("failed")
        alerting.tick()
        alerting.pass_(600)
        alerting.scenario("succeeded")
        while alerting.now < 3600 + hook_began(alerting):
            alerting.tick()
            alerting.pass_(60)
        waiting = alerting.yard.alerts.messages(state="waiting")
        assert [each.after for each in waiting] == ["healthy", "error"]
        assert {each.problem for each in waiting} == {"it answered 503"}
        refused, hook.status, back = len(hook.taken), 200, set()
        for _ in range(120):
            if alerting.tick():
                back.add(alerting.now)
            alerting.pass_(60)
        assert len(back) == 1  # what is taken first says that it is there again
        keys = [headers["webhook-id"] for headers, _ in hook.taken]
        assert len(keys[refused:]) == len(set(keys[refused:])) == 2
        assert set(keys[:refused]) == set(keys[refused:])
        assert alerting.states() == ["sent", "sent"]

    def test_gives_up_after_a_day(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url, only=ONLY)
        hook.status, began = 500, alerting.now
        alerting.scenario("failed")
        alerting.tick()
        attempts = 1
        while alerting.states() == ["waiting"]:
            with alerting.yard.open().read() as db:
                alerting.now = outbox.next_due(db)
            attempts += alerting.deliver()
        assert alerting.states() == ["failed"]
        assert DAY <= alerting.now - began < DAY + 3600
        assert attempts == len(hook.taken) < 40

    def test_one_that_is_gone_for_good_is_not_asked_again(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url, only=ONLY)
        hook.status = 410
        alerting.scenario("failed")
        alerting.tick()
        assert alerting.states() == ["failed"]

    def test_follows_no_redirection(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url)
        hook.status, hook.headers = 307, {"location": "http://169.254.169.254/keys"}
        with pytest.raises(errors.Failed, match="it answered 307"):
            alerting.yard.alerts.test(name="team")
        assert alerting.states() == ["failed"]

    def test_the_secret_is_shown_once_and_can_be_renewed(self, alerting, hook):
        alerts = alerting.yard.alerts
        made = alerts.create(name="team", webhook=hook.url)
        assert made.secret.startswith("whsec_")
        assert not hasattr(alerts.show(name="team"), "secret")
        assert alerts.update(name="team", digest=5).secret is None
        renewed = alerts.update(name="team", new_secret=True).secret
        assert renewed.startswith("whsec_")
        assert renewed != made.secret
        entries = alerting.yard.audit.list()
        assert not any(made.secret in each.model_dump_json() for each in entries)

    def test_slack_is_told_in_its_own_way_and_its_address_shown_to_nobody(self, alerting, hook):
        alert = alerting.yard.alerts.create(name="chat", slack=hook.url)
        assert (alert.to, alert.secret) == (("127.0.0.1",), None)
        alerting.yard.alerts.test(name="chat")
        ((headers, body),) = hook.taken
        assert json.loads(body)["text"].startswith("*[Modelyard] Test of the alert chat (default)*")
        assert "webhook-signature" not in headers
        entries = alerting.yard.audit.list()
        assert not any(hook.url in each.model_dump_json() for each in entries)


def hook_began(alerting):
    return min(each.created for each in alerting.yard.alerts.messages()).timestamp()


class TestMail:
    def test_tells_each_address_with_an_id_of_the_message(self, letters, alerting):
        to = ("ada@example.org", "bob@example.org")
        alerting.yard.alerts.create(name="team", mail=to, only=ONLY)
        alerting.scenario("failed")
        assert alerting.tick() == 1
        (letter,) = letters.taken
        assert letters.to == [to]
        assert letter["Subject"] == "[Modelyard] Error: scenario nightly (default)"
        (message,) = alerting.yard.alerts.messages()
        assert letter["Message-ID"] == f"<{message.sending}@example.org>"
        assert "step 1 (look) failed: no rows" in letter.get_content()

    def test_who_is_refused_for_good_is_told(self, letters, alerting):
        alerts = alerting.yard.alerts
        alerts.create(name="team", mail=("ada@example.org", "nobody@example.org"))
        message = alerts.test(name="team")
        assert message.state == "sent"
        assert "nobody@example.org (550" in message.problem
        alerts.create(name="lost", mail=("nobody@example.org",))
        with pytest.raises(errors.Failed, match="does not take it for nobody@"):
            alerts.test(name="lost")

    def test_needs_a_server_and_a_domain_that_is_allowed(self, alerting):
        settings = MailSettings(host="mail.example.org", domains=("example.org", "*.lab.org"))
        mail.require_mail(settings, ["ada@Example.org", "bob@big.lab.org"])
        with pytest.raises(errors.Forbidden, match=r"mail\.domains"):
            mail.require_mail(settings, ["ada@example.org.evil.com"])
        with pytest.raises(errors.Unsupported, match=r"mail\.host"):
            alerting.yard.alerts.create(name="team", mail=("ada@example.org",))

    def test_starttls_has_to_work(self, letters, alerting, monkeypatch):
        """This server has none, and nothing is sent to it in plain."""
        settings = alerting.yard.open().settings.mail.model_copy(update={"security": "starttls"})
        with pytest.raises(errors.Unavailable, match="STARTTLS"):
            mail.send(settings, ["a@b.org"], subject="s", text="t", key="k", seconds=5)
        assert letters.taken == []


class TestWhatIsTold:
    def test_triggers(self, alerting, hook):
        create = alerting.yard.alerts.create
        create(name="any", webhook=hook.url, on="change", only=("scenario:night*",))
        create(name="bad", webhook=hook.url, on="unhealthy", only=ONLY)
        create(name="well", webhook=hook.url, on="values", statuses=("healthy",), only=ONLY)
        create(name="else", webhook=hook.url, on="change", only=("model", "scenario:daily"))
        create(name="off", webhook=hook.url, on="change", only=ONLY, disabled=True)
        for state in ("succeeded", "skipped", "failed", "succeeded"):
            alerting.pass_(60)
            alerting.scenario(state, reason="run x was still under way")
            alerting.tick()
        told = {}
        for each in alerting.yard.alerts.messages():
            told.setdefault(each.alert, []).insert(0, each.after)
        assert told == {
            "any": ["healthy", "warning", "error", "healthy"],
            "bad": ["warning", "error"],
            "well": ["healthy", "healthy"],
        }

    def test_what_changes_at_once_is_one_message(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url)
        alerting.scenario("failed")
        alerting.tick()
        ((_, body),) = hook.taken
        kinds = [each["kind"] for each in json.loads(body)["data"]["changes"]]
        assert sorted(kinds) == ["project", "scenario"]
        assert len({each.sending for each in alerting.yard.alerts.messages()}) == 1

    def test_digest_collects(self, alerting, hook):
        alerting.yard.alerts.create(
            name="team", webhook=hook.url, on="change", only=ONLY, digest=60
        )
        for state in ("failed", "succeeded", "failed"):
            alerting.scenario(state)
            alerting.tick()
            alerting.pass_(600)
        assert hook.taken == []
        alerting.pass_(1800)
        alerting.tick()
        ((_, body),) = hook.taken
        after = [each["after"] for each in json.loads(body)["data"]["changes"]]
        assert after == ["error", "healthy", "error"]

    @pytest.mark.parametrize(("last", "told"), [("succeeded", 1), ("failed", 2)])
    def test_silence_ends_with_what_is_so_then(self, alerting, hook, last, told):
        alerting.yard.alerts.create(
            name="team", webhook=hook.url, on="change", only=ONLY, silence=60
        )
        for state in ("succeeded", "failed", last):  # the first is told at once
            alerting.scenario(state)
            alerting.tick()
            alerting.pass_(60)
        assert len(hook.taken) == 1
        alerting.pass_(3600)
        alerting.tick()
        assert len(hook.taken) == told
        assert "waiting" not in alerting.states()

    def test_a_message_of_a_deleted_alert_is_not_sent(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url)
        alerting.scenario("failed")
        alerting.notice()
        alerting.yard.alerts.delete(name="team")
        assert alerting.deliver() == 0

    def test_two_senders_take_each_message_once(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url)
        alerting.scenario("failed")
        alerting.notice()
        with alerting.yard.open().begin() as db:
            first = outbox.take(db, alerting.now)
            assert outbox.take(db, alerting.now) is None
            later = outbox.take(db, alerting.now + outbox.LEASE + 1)
        assert (later.key, later.attempt) == (first.key, 2)
        with alerting.yard.open().begin() as db:
            assert not outbox.settle(db, first, alerting.now)  # it lost its lease
            assert outbox.settle(db, later, alerting.now)

    def test_old_messages_are_forgotten(self, alerting, hook):
        alerting.yard.alerts.create(name="team", webhook=hook.url, only=ONLY)
        alerting.scenario("failed")
        alerting.tick()
        with alerting.yard.open().begin() as db:
            outbox.forget_old(db, alerting.now)
            outbox.forget_old(db, alerting.now + 1)
        assert alerting.states() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a receiver"),
        ({"webhook": "ftp://x.org/"}, "webhook"),
        ({"webhook": "http://[::1/"}, "names no host"),
        ({"webhook": "https://a.org/", "slack": "https://b.org/"}, "one receiver"),
        ({"mail": ("a@b.org\nBcc: c@d.org",)}, "mail"),
        ({"webhook": "https://127.0.0.1/", "on": "values"}, "statuses"),
        ({"webhook": "https://127.0.0.1/", "only": ("engine",)}, "only"),
        ({"webhook": "https://127.0.0.1/", "all_projects": True}, "name the infrastructures"),
        ({"webhook": "https://127.0.0.1/", "silence": -1}, "silence"),
    ],
)
def test_what_makes_no_sense_is_refused(alerting, given, said):
    with pytest.raises(errors.Invalid, match=said):
        alerting.yard.alerts.create(name="team", **given)
    assert alerting.yard.alerts.list() == []
