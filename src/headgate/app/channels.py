"""The channels of the configuration: where people are told, and what each wants to hear of."""

from datetime import timedelta
from pathlib import Path

from headgate.app import secret, settings
from headgate.domain import notices
from headgate.notify import mail, pagerduty, slack, webhook
from headgate.ports import channel


def route(one: settings.Notify) -> notices.Route:
    """What the channel wants to hear of."""
    return notices.Route(
        channel=one.name,
        least=one.severity,
        clusters=tuple(one.clusters),
        quiet=tuple(
            notices.Quiet(
                begin=_minute(each.begin),
                end=_minute(each.end),
                zone=each.zone,
                severities=frozenset(each.severities),
            )
            for each in one.quiet
        ),
        limit=one.limit,
        window=timedelta(minutes=one.limit_minutes),
        wait=timedelta(seconds=one.wait_seconds),
    )


def opened(one: settings.Notify, folder: Path) -> channel.Channel:
    """The channel; nothing was sent yet.

    Raises:
        errors.AppError: a secret cannot be read.
    """

    def held(name: str) -> str:
        return secret.resolve(getattr(one, name), where=f"notify {one.name}, {name}", folder=folder)

    if one.kind == "slack":
        return slack.Slack(one.name, token=held("secret"), to=one.to[0], api=one.url or slack.API)
    if one.kind == "pagerduty":
        return pagerduty.PagerDuty(one.name, key=held("secret"), api=one.url or pagerduty.API)
    if one.kind == "webhook":
        return webhook.Webhook(one.name, held("url"), secret=held("secret"))
    return mail.Mail(
        one.name,
        server=one.server,
        sender=one.sender,
        to=tuple(one.to),
        username=one.username,
        password=held("password"),
        tls=one.tls,
    )


def _minute(clock: str) -> int:
    hours, _colon, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
