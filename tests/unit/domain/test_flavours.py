"""Where a flavour keeps its records; how flavours are told apart is shown with the matrix."""

from typing import Any, get_args

import pytest

from headgate.domain import capability, flavours, snapshot


def facts(**given: Any) -> flavours.Facts:
    fields: dict[str, Any] = {
        "cluster_id": "",
        "hosts": (),
        "features": {},
        "settings": {},
        "topics": (),
        "topic_settings": {},
        "brokers_read": True,
        "features_read": True,
        "settings_read": True,
        **given,
    }
    return flavours.Facts(**fields)


@pytest.mark.parametrize(
    ("given", "alone"),
    [
        ({"cluster_id": "vci_1"}, True),
        ({"hosts": ("serverless.warpstream.com",)}, True),
        ({"features": {"automq.version": 1}}, True),
        ({"settings": {"elasticstream.enable": "true"}}, True),
        ({"topic_settings": {"redpanda.storage.mode": "cloud"}}, True),
        ({"topic_settings": {"redpanda.storage.mode": "tiered"}}, False),
        ({"settings": {"remote.log.storage.system.enable": "true"}}, False),
        ({"hosts": ("shop.servicebus.windows.net",)}, False),  # its store is Azure's own matter
        ({}, False),
    ],
)
def test_an_object_store_under_the_log_is_told_by_signs(given: dict[str, Any], alone: bool) -> None:
    told = facts(**given)
    assert bool(flavours.object_store(told, flavours.of(told)[0])) == alone


@pytest.mark.parametrize("kind", get_args(capability.Flavour))
def test_what_lies_in_an_object_store_alone_is_shared_storage(kind: capability.Flavour) -> None:
    why = flavours.object_store(facts(), kind)
    assert bool(why) == (kind in flavours.DISKLESS)
    if why:
        assert flavours.architecture(facts(), kind) == ("shared_storage", why)


@pytest.mark.parametrize(
    ("settings", "diskless"),
    [
        ({"redpanda.storage.mode": "cloud"}, True),
        ({"redpanda.storage.mode": "tiered"}, False),
        ({"diskless.enable": "true"}, True),
        ({"diskless.enable": "false"}, False),
        ({}, False),
    ],
)
def test_a_topic_without_disks(settings: dict[str, str], diskless: bool) -> None:
    held = {
        name: snapshot.ConfigValue(value=value, source="dynamic_topic")
        for name, value in settings.items()
    }
    assert flavours.diskless(held) == diskless
