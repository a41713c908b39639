"""The file of names says what it may say, and covers what the causes need."""

import pytest

from headgate.metrics import catalogue

NEEDED = {
    "broker.handler_idle",
    "broker.network_idle",
    "broker.request_time_p99",
    "broker.request_time_p50",
    "broker.purgatory",
    "broker.under_replicated",
    "broker.under_min_isr",
    "broker.offline_log_dirs",
    "broker.isr_shrinks",
    "broker.isr_expands",
    "broker.bytes_in",
    "broker.bytes_out",
    "broker.messages_in",
    "broker.errors",
    "broker.failed_authentications",
    "broker.throttle",
    "broker.log_flush_p99",
    "broker.cleaner_dead_threads",
    "broker.fetcher_max_lag",
    "controller.elections",
    "controller.unclean_elections",
    "controller.queue_time_p99",
    "controller.current_leader",
    "process.gc_seconds",
    "process.heap_used",
    "process.heap_max",
    "process.cpu_seconds",
    "process.threads",
    "task.errors",
    "consumer.rebalances_per_hour",
    "consumer.fetch_throttle",
    "consumer.poll_idle",
}

AREAS = {
    *("broker", "controller", "process", "consumer", "producer", "connector", "task"),
    *("store", "database", "source", "worker"),
}


def test_what_causes_need_has_a_name() -> None:
    assert set(catalogue.load().meanings) >= NEEDED


@pytest.mark.parametrize("name", sorted(catalogue.load().meanings))
def test_a_measure_is_named_and_explained(name: str) -> None:
    held = catalogue.load().meanings[name]
    assert held.means[0].isupper() or held.means[0].isdigit()
    assert not held.means.endswith(".")
    assert name.partition(".")[0] in AREAS
    assert held.about in ("process", "client", "connector", "task", "broker")
    if held.unit == "ratio":
        assert held.kind == "gauge"


def test_two_meanings_share_a_name_only_where_something_tells_them_apart() -> None:
    for name, rules in catalogue.load().rules.items():
        seen = set()
        for rule in rules:
            told_by = (rule.dialect, tuple(sorted(rule.where.items())), rule.lacks)
            assert told_by not in seen, f"{name} has two meanings in {rule.dialect}"
            seen.add(told_by)


def test_names_are_in_lower_case_and_labels_plain() -> None:
    for name, rules in catalogue.load().rules.items():
        assert name == name.lower()
        for rule in rules:
            for label in (*rule.where, *rule.lacks, *(theirs for _ours, theirs in rule.labels)):
                assert label.isalnum(), f"{name}: {label} is not written as labels are compared"
                assert label == label.lower(), f"{name}: {label} is not in lower case"


@pytest.mark.parametrize("dialect", sorted(catalogue.load().dialects))
def test_every_dialect_is_told_by_a_sign(dialect: str) -> None:
    held = catalogue.load()
    sign = next(sign for sign, name in held.signs if name == dialect)
    assert held.dialect_of(sign.upper() + "_x") == dialect


BROKEN = {
    "there is no dialect latin": 'names = [{ in = "latin", metric = "x" }]',
    "there is no word part": 'names = [{ in = "jmx", metric = "x_<part>" }]',
    "gives no request": 'needs = ["request"]\nnames = [{ in = "jmx", metric = "x" }]',
    "Extra inputs": 'names = [{ in = "jmx", metric = "x", colour = "red" }]',
}


@pytest.mark.parametrize("complaint", sorted(BROKEN))
def test_a_file_that_contradicts_itself_is_refused(complaint: str) -> None:
    text = (
        '[dialects.jmx]\nmeans = "x"\nsigns = ["x"]\n[owners]\nbroker = []\nhost = []\ntold = []\n'
        '[words.w]\na = "b"\n[measures."broker.x"]\nmeans = "Something"\nunit = "count"\n'
        f'kind = "gauge"\nabout = "broker"\n{BROKEN[complaint]}\n'
    )
    with pytest.raises(ValueError, match=complaint):
        catalogue.parse(text)
