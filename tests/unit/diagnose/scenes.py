"""Scenes of what breaks, as functions that make them; the shop is what they have in common."""

from collections.abc import Callable

from tests.unit.observations import START, Scene, flat, line

from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


def shop(samples: int = 70) -> Scene:
    """Orders and clicks with steady input; analytics reads all of it."""
    scene = Scene(samples=samples)
    scene.topic("orders", 6, rate=10)
    scene.topic("clicks", 3, rate=30)
    scene.follow("analytics", "clicks", behind=5)
    return scene


def stopped() -> Scene:
    scene = shop()
    scene.group("billing")
    for p in range(6):
        scene.read(
            "billing", "orders", p, line(START, 10, until=30), lambda i: "m1" if i < 31 else ""
        )
    return scene


def hung() -> Scene:
    scene = shop()
    scene.follow("billing", "orders", members=2, but=(0, 2, 4))
    for p in (0, 2, 4):
        scene.read("billing", "orders", p, line(START, 10, until=30), "billing-0")
    return scene


def crashing(stands: int = 3) -> Scene:
    """A new member every second sample; orders-3 stands, the other partitions move."""
    scene = shop()

    def alive(i: int) -> str:
        return f"m{i // 2}" if i > 30 else "m15"

    scene.group("billing", alive(69), came=lambda i: frozenset({alive(i)}))
    for p in range(6):
        course = line(START, 10, until=30) if p == stands else line(START, 10)
        scene.read("billing", "orders", p, course, alive)
    return scene


REFUSED = (
    "org.postgresql.util.PSQLException: Connection to 127.0.0.1:5432 refused. "
    "Check that the hostname and port are correct."
)
TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to \
unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:637)
Caused by: org.apache.kafka.connect.errors.ConnectException: JDBC sink connector failure
\tat io.debezium.connector.jdbc.JdbcSinkConnectorTask.put(JdbcSinkConnectorTask.java:98)
\t... 10 more
Caused by: {cause}
\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:352)
\t... 20 more
"""


def sink(cause: str, tasks: int = 1) -> Callable[[], Scene]:
    def scene() -> Scene:
        made = shop()
        made.group("connect-orders-sink")
        for p in range(6):
            made.read(
                "connect-orders-sink",
                "orders",
                p,
                line(START, 10, until=40),
                lambda i: "c1" if i < 41 else "",
            )
        trace = TRACE.replace("{cause}", cause)
        made.connector("orders-sink", *[("FAILED", trace)] * tasks, failed_at=41)
        return made

    return scene


def crashed() -> Callable[[], Scene]:
    def scene() -> Scene:
        made = shop()
        made.follow("billing", "orders", behind=3)
        made.broker(
            2,
            listed=True,
            fenced=True,
            port="refuses",
            at=lambda i: made.sample(i, fenced=i >= 42, port="answers" if i < 40 else "refuses"),
        )
        made.lose(2, isr_at=41, leaders_at=42)
        return made

    return scene


def gone() -> Scene:
    """A broker that was gone before the first look: how it went, nobody saw."""
    made = shop()
    made.broker(
        2,
        listed=True,
        fenced=True,
        port="refuses",
        at=lambda i: made.sample(i, fenced=True, port="refuses"),
    )
    made.lose(2, isr_at=0, leaders_at=0)
    return made


def planned() -> Scene:
    made = shop()
    made.broker(
        2,
        listed=True,
        fenced=True,
        port="refuses",
        at=lambda i: made.sample(i, fenced=i >= 41, port="answers" if i < 41 else "refuses"),
    )
    made.lose(2, isr_at=42, leaders_at=41)
    return made


def frozen() -> Scene:
    made = shop()
    made.broker(
        2,
        listed=True,
        fenced=True,
        port="accepts",
        at=lambda i: made.sample(i, fenced=i >= 42, port="answers" if i < 40 else "accepts"),
    )
    made.lose(2, isr_at=41, leaders_at=42)
    return made


def slow() -> Scene:
    """Two members read a third of what arrives, where they read all of it before."""
    scene = shop(samples=140)
    scene.group("billing", "m1", "m2")
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: int(START + 10 * min(i, 70) + 3 * max(0, i - 70)) - 2,
            f"m{p % 2 + 1}",
        )
    return scene


def slow_at_first_sight() -> Scene:
    """As in a one-shot look: nothing is known of before."""
    scene = shop(samples=11)
    scene.interval_s, scene.cut_s = 1.0, 10.0
    scene.group("billing", "m1", "m2")
    for p in range(6):
        scene.read("billing", "orders", p, line(START - 50, 3), f"m{p % 2 + 1}")
    return scene


def fewer() -> Scene:
    """Three members kept up; one of them is left, and reads at its old pace."""
    scene = shop(samples=140)
    scene.group("billing", "m1", came=lambda i: frozenset({"m1"} if i > 70 else {"m1", "m2", "m3"}))
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: int(START + 10 * min(i, 70) + 4 * max(0, i - 70)) - 2,
            lambda i, p=p: f"m{p % 3 + 1}" if i <= 70 else "m1",  # type: ignore[misc]  # bound now
        )
    return scene


def hot_key() -> Scene:
    """orders-2 takes ten times what the others do, and its reader cannot follow."""
    scene = shop(samples=200)
    scene.topics["orders"].ends[2] = line(START, 100)
    scene.group("billing", "m1", "m2")
    for p in range(6):
        scene.read("billing", "orders", p, line(START - 5, 40 if p == 2 else 10), f"m{p % 2 + 1}")
    return scene


def hot_after_a_deploy() -> Scene:
    """The same, and both members were replaced a short while ago."""
    scene = hot_key()
    scene.group(
        "billing",
        "m1",
        "m2",
        came=lambda i: frozenset({"m1" if i > 182 else "m0", "m2" if i > 184 else "m00"}),
    )
    return scene


def slow_member() -> Scene:
    """Three members; everything of m2 lags though its input is that of the others."""
    scene = shop()
    scene.group("billing", "m1", "m2", "m3")
    for p in range(6):
        mine = p % 3 == 1
        scene.read("billing", "orders", p, line(START - 5, 4 if mine else 10), f"m{p % 3 + 1}")
    return scene


def burst() -> Scene:
    """Input steps up three times at sample 70; reading stays at its plateau, above before."""
    scene = shop(samples=140)
    for p in range(6):
        scene.topics["orders"].ends[p] = lambda i: START + 10 * min(i, 70) + 30 * max(0, i - 70)
    scene.group("billing", "m1", "m2", "m3", "m4", "m5", "m6")
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * min(i, 70) + 14 * max(0, i - 70) - 2,
            f"m{p + 1}",
        )
    return scene


def drain() -> Scene:
    """A heap of records came within two samples; the group works it off."""
    scene = shop()
    for p in range(6):
        scene.topics["orders"].ends[p] = lambda i: START + 10 * i + (2_000 if i > 40 else 0)
    scene.group("billing", "m1")
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * i - 2 + (30 * (i - 40) if i > 40 else 0),
            "m1",
        )
    return scene


def capped() -> Scene:
    """Six members for six partitions, all equally busy, and not enough."""
    scene = shop()
    scene.group("billing", *(f"m{p}" for p in range(6)))
    for p in range(6):
        scene.read("billing", "orders", p, line(START - 5, 4), f"m{p}")
    return scene


def deleted() -> Scene:
    """The log start rose past the commits of a slow group, step by step, as retention asks."""
    scene = shop()
    scene.topic("orders", 6, rate=10, retention_ms="60000")
    scene.group("billing", "m1")
    for p in range(6):
        scene.topics["orders"].starts[p] = lambda i: START + 50 * max(0, i // 8 - 3)
        scene.read("billing", "orders", p, line(START, 1), "m1")
    return scene


def set_back() -> Scene:
    """Somebody stopped the group, set it to the beginning, and left it there."""
    scene = shop()
    scene.group("billing", came=lambda i: frozenset({"m1"}) if i < 40 else frozenset())
    for p in range(6):
        scene.topics["orders"].starts[p] = flat(START)
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * i if i < 40 else START + 400 if i < 60 else START,
            lambda i: "m1" if i < 40 else "",
        )
    return scene


def set_back_at_once() -> Scene:
    """Somebody stopped the group, set it to the beginning and started it, all within one look:
    its members were read before that, its commits after."""
    scene = shop()
    scene.group("billing", came=lambda i: frozenset({"m1"} if i <= 60 else {"m2"}))
    for p in range(6):
        scene.topics["orders"].starts[p] = flat(START)
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * i if i < 60 else START + 20 * (i - 60),
            lambda i: "m1" if i <= 60 else "m2",
        )
    return scene


def single_copy() -> Scene:
    """The only broker with a topic's only copy crashed."""
    scene = crashed()()
    scene.topic("audit", 1, rf=1, min_isr=1)
    scene.topics["audit"].replicas = ((2,),)
    lost = scene.topics
    scene.topics = {"audit": lost["audit"]}
    scene.lose(2, isr_at=200, leaders_at=42)
    scene.topics = lost
    return scene


def no_leader() -> Scene:
    """Two of three replicas are in nobody's ISR, and the last one is gone; no broker is down."""
    scene = shop()
    topic = scene.topics["orders"]
    topic.leader[0], topic.leaders[0] = -1, lambda i: -1 if i > 30 else 1
    topic.isr[0] = (1,)
    topic.isr_sizes[0] = flat(1)
    return scene


def strict() -> Scene:
    """min.insync.replicas equals the replicas, and one broker crashed."""
    scene = crashed()()
    scene.topic("ledger", 2, rf=3, min_isr=3)
    scene.lose(2, isr_at=41, leaders_at=42)
    return scene


def strict_alone() -> Scene:
    """As before, but the brokers are up: a follower does not keep up."""
    scene = shop()
    ledger = scene.topic("ledger", 1, rf=3, min_isr=3)
    ledger.isr[0], ledger.isr_sizes[0] = (1, 2), lambda i: 3 if i < 20 else 2
    return scene


def drifted() -> Scene:
    """A broker came back; its partitions are still led by others, for long enough."""
    scene = shop(samples=140)
    for topic in scene.topics.values():
        for p, replicas in enumerate(topic.replicas):
            if replicas[0] == 2:
                topic.leader[p] = replicas[1]
                topic.leaders[p] = flat(replicas[1])
    return scene


def outage() -> Scene:
    """Two sinks lose their database at the same time."""
    scene = sink(REFUSED)()
    trace = TRACE.replace("{cause}", REFUSED)
    scene.connector("invoices-sink", ("FAILED", trace), failed_at=42)
    return scene


def silent_connect() -> Scene:
    """Connect answers no more; its tasks ran at sample 40."""
    scene = shop()
    scene.connects["main"] = Unknown("timed out after 2 s")
    scene.tasks["main", "orders-sink", 0] = lambda i: "RUNNING" if i < 40 else ""
    return scene


def blocked() -> Scene:
    """A sink says RUNNING and has committed nothing for long."""
    scene = shop(samples=110)
    scene.group("connect-orders-sink", "c1")
    for p in range(6):
        scene.read("connect-orders-sink", "orders", p, line(START, 10, until=30), "c1")
    scene.connector("orders-sink", ("RUNNING", ""))
    return scene


def unreachable() -> Scene:
    """Nothing on the cluster can be read since sample 40."""
    scene = shop()
    for topic in scene.topics.values():
        for p, course in list(topic.ends.items()):
            topic.ends[p] = lambda i, c=course: c(i) if i < 40 else -1  # type: ignore[misc]  # bound now
    for key, (course, owner) in list(scene.reads.items()):
        scene.reads[key] = (lambda i, c=course: c(i) if i < 40 else -1, owner)  # type: ignore[misc]  # bound now
    for part in ("brokers", "partitions", "offsets", "groups", "commits", "configs"):
        scene.unknown[part] = "no bootstrap address answers"
    return scene


def storm() -> Scene:
    """Members come and go, and yet everything is read."""
    scene = shop(samples=140)
    scene.follow("billing", "orders", behind=3)
    scene.members["billing"] = lambda i: frozenset({"billing-0", f"x{i // 6}"})
    return scene


def idle() -> Scene:
    """Four members for three partitions, for long."""
    scene = shop(samples=140)
    scene.group("billing", "m0", "m1", "m2", "m3")
    for p in range(3):
        scene.read("billing", "clicks", p, line(START, 30), f"m{p}")
    return scene


def in_turn() -> Scene:
    """One slow member of six partitions reads each of them for a while, then the next."""
    scene = shop()
    scene.group("billing", "m1")
    for p in range(6):

        def commits(i: int, p: int = p) -> int:
            turns, place = divmod(i, 24)
            return START - 200 + 96 * turns + 24 * min(max(place - 4 * p, 0), 4)

        scene.read("billing", "orders", p, commits, "m1")
    return scene


def handed_over() -> Scene:
    """Two of three members were taken away; the last one reads their partitions in turn."""
    scene = in_turn()
    scene.members["billing"] = lambda i: frozenset({"m1"} if i > 50 else {"m1", "m2", "m3"})
    for p in range(6):
        course, _ = scene.reads["billing", TopicPartition("orders", p)]
        scene.read(
            "billing",
            "orders",
            p,
            course,
            lambda i, p=p: "m1" if i > 50 else f"m{p % 3 + 1}",  # type: ignore[misc]  # bound now
        )
    return scene


def redeployed() -> Scene:
    """Both members were replaced a minute ago and read on."""
    scene = shop()
    scene.group(
        "billing",
        "n1",
        "n2",
        came=lambda i: frozenset(
            {"m1", "m2"} if i < 56 else {"n1", "m2"} if i < 58 else {"n1", "n2"}
        ),
    )
    for p in range(6):
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * (i if i < 55 else 55 if i < 60 else i) - 2,
            lambda i, p=p: f"m{p % 2 + 1}" if i < 56 else f"n{p % 2 + 1}",  # type: ignore[misc]  # bound now
        )
    return scene


def crashing_at_first_sight() -> Scene:
    """A one-shot look at a group whose members crash before orders-3 and read on elsewhere."""
    scene = shop(samples=6)
    scene.interval_s, scene.cut_s = 2.0, 10.0
    scene.group(
        "billing",
        "m1",
        "m2",
        "m3",
        came=lambda i: frozenset({"m1", "m2", "m3"} if i > 3 else {"m1", "m2"}),
    )
    for p in range(6):
        course = flat(START - 50) if p == 3 else line(START - 60, 9)
        scene.read("billing", "orders", p, course, "m2" if p % 2 else "m1")
    return scene
