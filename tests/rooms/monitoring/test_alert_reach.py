"""Where webhooks may lead."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from modelyard import errors
from modelyard.sending import reach

INSIDE = [
    *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:a00:1::"),
    *("224.0.0.1", "255.255.255.255"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_the_own_network_is_not_public(address):
    assert not reach.is_public(ipaddress.ip_address(address))
    shown = f"[{address}]" if ":" in address else address
    with pytest.raises(errors.Forbidden, match=r"alerts\.webhooks"):
        reach.addresses(f"http://{shown}:8080/x", ("public",), "alerts.webhooks")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_the_internet_is(address):
    assert reach.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("text", ["http://2130706433/", "http://0x7f000001/", "http://127.1/"])
def test_odd_ways_to_write_an_address_lead_nowhere_else(text):
    with pytest.raises((errors.Forbidden, errors.Unavailable)):
        reach.addresses(text, ("public",), "alerts.webhooks")


def test_a_name_counts_by_all_addresses_that_it_leads_to(monkeypatch):
    def lookup(host, *_, **__):
        found = {"mixed.example.org": ["8.8.8.8", "10.0.0.1"], "good.example.org": ["8.8.8.8"]}
        return [(0, 0, 0, "", (each, 0)) for each in found[host]]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert reach.addresses("https://good.example.org/", ("public",), "alerts.webhooks") == (
        "8.8.8.8",
    )
    for allowed in (("public",), ("10.0.0.0/8",), ()):
        with pytest.raises(errors.Forbidden):
            reach.addresses("https://mixed.example.org/", allowed, "alerts.webhooks")
    both = ("8.8.8.8", "10.0.0.1")
    assert (
        reach.addresses("https://mixed.example.org/", ("public", "10.0.0.0/8"), "alerts.webhooks")
        == both
    )
    assert (
        reach.addresses("https://mixed.example.org/", ("*.example.org",), "alerts.webhooks") == both
    )
    with pytest.raises(errors.Forbidden):
        reach.addresses("https://good.example.org/", ("hooks.example.org",), "alerts.webhooks")
