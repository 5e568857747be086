"""Secrets in the open are found and not repeated; what stands for one is none."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fairness.evidence import new_key

HIDDEN = "Kq7vTz9" + "wLm2"
TOKENS = {
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitLab": "glpat-" + "a1B2" * 6,
    "AWS": "AKIA" + "ABCD1234EFGH5678",
    "Google": "AIza" + "a1B2C" * 7,
    "Slack": "xoxb-" + "1234567890-abc",
    "Stripe": "sk_live_" + "a1B2C3" * 4,
    "SendGrid": "SG." + "a1B2" * 5 + "." + "a1B2" * 8,
    "HubSpot": "pat-eu1-" + "12345678-1234-1234-1234-123456789abc",
    "JSON web": "eyJ" + "hbGciOiJI" + ".eyJ" + "zdWIiOiIxMjM0",
}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("run.sh", f"psql postgresql://ann:{HIDDEN}@db.example/crm"),
        ("crm.toml", f'url = "mysql://ann:{HIDDEN}@db/crm"'),
        ("notes.md", f"use https://ann:{HIDDEN}@host/path to see it"),
        (".env", f"DB_PASSWORD={HIDDEN}"),
        (".env.production", f"export API_KEY='{HIDDEN}'"),
        ("conf.ini", f"password = {HIDDEN}"),
        ("conf.yaml", f"  clientSecret: {HIDDEN}"),
        ("conf.json", f'  "access_token": "{HIDDEN}",'),
        ("conf.toml", f'secret_access_key = "{HIDDEN}"'),
        ("job.sh", f"export FAIRREACH_PASSPHRASE={HIDDEN}"),
    ],
)
def test_a_secret_in_a_text_is_found_with_its_line_and_not_told(folder, name, line):
    folder.write(name, f"# a comment\n{line}\n")
    report = folder.check()
    (finding,) = report.findings
    assert (finding.severity, finding.kind) == ("block", "plain-secret")
    assert finding.what.startswith("line 2: ")
    assert HIDDEN not in str(report.to_dict()) + report.text()


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_found_by_its_shape(folder, kind):
    folder.write("job.py", f'TOKEN = "{TOKENS[kind]}"\n')
    report = folder.check()
    (finding,) = report.findings
    assert kind in finding.what
    assert TOKENS[kind] not in report.text()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("run.sh", "psql postgresql://ann@db.example/crm"),
        ("run.sh", "psql postgresql://ann:$PASSWORD@db.example/crm"),
        ("run.sh", "psql postgresql://ann:${PASSWORD}@db/crm"),
        ("notes.md", "postgresql://user:password@host/name"),
        ("notes.md", "postgresql://user:***@host/name"),
        (".env", "DB_PASSWORD="),
        (".env", "DB_PASSWORD=changeme"),
        (".env", "DB_PASSWORD=<your password>"),
        ("conf.toml", 'password = "${DB_PASSWORD}"'),
        ("conf.toml", "password_min_length = 12345"),
        ("conf.toml", "tokens = 4096"),
        ("job.py", "password = ask_for_it()"),
        ("a.json", '"max_tokens": 4096'),
    ],
)
def test_what_stands_where_a_secret_would_is_none(folder, name, line):
    folder.write(name, f"{line}\n")
    assert folder.found() == []


def test_a_private_key_of_ours_without_passphrase_is_found(folder):
    new_key("ann", folder.path / "keys")
    new_key("bob", folder.path / "keys", "a passphrase of bob's")
    assert folder.found() == [("block", "plain-secret", "keys/ann.key")]


def test_a_private_key_that_others_can_read_is_found(folder):
    new_key("bob", folder.path / "keys", "a passphrase of bob's")
    (folder.path / "keys").chmod(0o755)
    (folder.path / "keys" / "bob.key").chmod(0o640)
    assert folder.found() == [("block", "open-key", "keys/bob.key")]


def pem(passphrase, kind):
    lock = (
        form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    )
    return Ed25519PrivateKey.generate().private_bytes(form.Encoding.PEM, kind, lock)


def test_pem_without_passphrase_is_found_and_with_one_is_not(folder):
    folder.write("open.pem", pem(b"", form.PrivateFormat.PKCS8))
    folder.write("locked.pem", pem(b"abc", form.PrivateFormat.PKCS8))
    folder.write("id_open", pem(b"", form.PrivateFormat.OpenSSH))
    assert folder.found() == [
        ("block", "plain-secret", "id_open"),
        ("block", "plain-secret", "open.pem"),
    ]


def test_an_ssh_key_with_a_passphrase_is_not_found(folder):
    path = folder.path / "id_locked"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", path]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no ssh-keygen here")
    assert folder.found() == []


def test_many_secrets_of_one_file_are_counted(folder):
    folder.write(".env", "".join(f"A{i}_TOKEN={HIDDEN}{i}\n" for i in range(50)))
    report = folder.check()
    assert len(report.findings) == 21
    assert "30 more secrets" in report.text()
