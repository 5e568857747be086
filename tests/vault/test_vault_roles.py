"""Whatever is asked in whatever order: what happens is what the roles say."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import InputError, RefusedError
from fairness.evidence import export_vault, verify_ledger
from fairness.evidence.vault_charter import ROLES
from tests.vault.conftest import Vault, small_table

PEOPLE = ("ann", "bob", "cora", "dave")
TABLE = small_table(3)

acts = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["open", "export", "grant", "revoke", "rotate"]),
        st.sampled_from(PEOPLE),
        st.sampled_from(ROLES),
    ),
    max_size=8,
)


def expected(roles, who, act, target, role):
    """What a vault with these roles does: its next roles, or who is to blame."""
    if who not in roles:
        return RefusedError
    if act == "open":
        return roles
    if roles[who] != "custodian":
        return RefusedError
    if act in ("export", "rotate"):
        return roles
    after = {**roles, target: role}
    if act == "revoke":
        after = {name: one for name, one in roles.items() if name != target}
        if after == roles:
            return InputError
    return after if "custodian" in after.values() else RefusedError


def done(vault, who, act, target, role):
    match act:
        case "open":
            assert vault.open(who).equals(TABLE)
        case "export":
            assert vault.open(who, how=export_vault).equals(TABLE)
        case "grant":
            vault.grant(target, role, who)
        case "revoke":
            vault.revoke(target, who)
        case "rotate":
            vault.rotate(who)


@settings(max_examples=40)
@given(acts=acts)
def test_roles_decide_who_does_what(keys, acts):
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "p.vault", keys, keys.trust, TABLE)
        vault.seal({"ann": "analyst"})
        roles = {"ann": "analyst", "cora": "custodian"}
        refusals = last = 0
        for who, act, target, role in acts:
            wanted = expected(roles, who, act, target, role)
            # To revoke somebody again who was revoked last is no error.
            again = (act, target) == last and wanted is InputError
            try:
                done(vault, who, act, target, role)
                happened = None
            except (RefusedError, InputError) as error:
                happened = type(error)
            assert happened is (None if again or isinstance(wanted, dict) else wanted)
            refusals += wanted is RefusedError
            if not isinstance(wanted, type):
                last = (act, target) if wanted != roles or act == "rotate" else last
                roles = wanted
            assert len(vault.refusals) == refusals
        for name in PEOPLE:
            try:
                assert vault.open(name).equals(TABLE)
                assert name in roles
            except RefusedError:
                assert name not in roles
        assert verify_ledger(vault.ledger.path).ok
