"""The set of ACLs that Headgate asks for."""

from headgate.domain import rights


def test_every_grant_is_one_acl() -> None:
    commands = [grant.command("User:headgate") for grant in rights.READING]
    assert len(set(commands)) == len(commands)
    assert commands[0] == "--add --allow-principal User:headgate --operation Describe --cluster"


def test_only_reading_records_is_left_to_choice() -> None:
    assert [str(one.right) for one in rights.READING if one.optional] == ["Read on Topic *"]
    needed = {one.right.operation for one in rights.READING if not one.optional}
    assert needed == {"Describe", "DescribeConfigs"}
