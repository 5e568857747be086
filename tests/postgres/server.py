"""A PostgreSQL server of the tests' own, and a wire that counts what it sends."""

import csv
import getpass
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

# Debian keeps them off the path.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")
OWNER, READER = "owner", "ann"
DATABASE = "crm"
# Each character has a meaning in a URL.
PASSWORD = "s3c/r@t:#?%&"
# The server ends, and its directory goes, when the tests do, however they end.
KEEPER = """
"$1/postgres" -D "$2/data" &
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate -s stop
wait
rm -rf "$2"
"""
MESSAGE, USER = 13, 1
STATEMENT = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)


def programs():
    """The directory of `initdb` and `postgres`, None where there is none."""
    found = [path for place in PLACES for path in sorted(Path("/").glob(place[1:]))]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).parent)
    return next((p for p in reversed(found) if (p / "postgres").exists()), None)


def account():
    """Whom the server is run as: it refuses root. None where there is nobody."""
    if os.geteuid() != 0:
        return getpass.getuser()
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


class Server:
    """A server that is running, and its log."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port

    def url(
        self,
        table,
        *,
        user=READER,
        password=PASSWORD,
        host="127.0.0.1",
        port=None,
        database=DATABASE,
        **options,
    ):
        """The URL of a table, as a user would write it."""
        secret = quote(password, safe="")
        query = "&".join(
            f"{k}={v}" for k, v in {"sslmode": "disable", **options}.items()
        )
        at = f"{host}:{port or self.port}/{database}"
        return f"postgresql://{user}:{secret}@{at}?{query}#{quote(table)}"

    @contextmanager
    def connected(self, user=OWNER, database=DATABASE):
        """A connection that is closed afterwards."""
        import psycopg

        connection = psycopg.connect(
            host=str(self.folder),
            port=self.port,
            user=user,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )
        with connection:
            yield connection

    def run(self, *statements, database=DATABASE):
        """Carry out statements as the owner."""
        with self.connected(database=database) as connection:
            for statement in statements:
                connection.execute(statement)

    def said(self, user=READER):
        """All statements of a user so far."""
        mark = f"SELECT '{uuid.uuid4()}'"
        self.run(mark)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            rows = self._logged()
            if any(mark in row[MESSAGE] for row in rows):
                matches = [
                    STATEMENT.match(row[MESSAGE]) for row in rows if row[USER] == user
                ]
                return [match[1] for match in matches if match]
            time.sleep(0.02)
        raise TimeoutError(mark)

    @contextmanager
    def listening(self):
        """A list that holds, afterwards, what the reader's statements were."""
        before, heard = len(self.said()), []
        yield heard
        heard += self.said()[before:]

    def _logged(self):
        files = sorted((self.folder / "data" / "log").glob("*.csv"))
        lines = []
        for file in files:
            with file.open(encoding="utf-8", newline="") as opened:
                lines += list(csv.reader(opened))
        return [row for row in lines if len(row) > MESSAGE]


@contextmanager
def running_server():
    """Start a server with a database, an owner and a reader; stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fairreach-pg-"))
    user, binaries = account(), programs()
    # The server's umask is its own, and the log is read by us.
    as_user = {"user": user} if os.geteuid() == 0 else {}
    if as_user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        as_user |= {"group": entry.pw_gid, "extra_groups": []}
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    words = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", OWNER]
    words += ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8"]
    words += ["--locale=C", "--no-sync", "--no-instructions"]
    try:
        subprocess.run(words, check=True, capture_output=True, cwd=folder, **as_user)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    port = free_port()
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(
            f"""
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
fsync = off
max_connections = 40
shared_buffers = 32MB
logging_collector = on
log_destination = 'csvlog'
log_directory = 'log'
log_file_mode = 0644
log_statement = 'all'
log_rotation_size = 0
lc_messages = 'C'
timezone = 'UTC'
"""
        )
    keeper = subprocess.Popen(
        ["sh", "-c", KEEPER, "sh", str(binaries), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        **as_user,
    )
    try:
        server = Server(folder, port)
        await_server(server)
        server.run(
            f"CREATE DATABASE {DATABASE}",
            f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'",
            database="postgres",
        )
        server.run(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {READER}")
        server.run(f"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {READER}")
        yield server
    finally:
        keeper.stdin.close()
        keeper.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def await_server(server):
    """Return when the server answers."""
    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            server.run("SELECT 1", database="postgres")
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Wire:
    """Passes on what a server and its clients say; counts what the server sends.

    A row of an answer is one message of the type D (PostgreSQL's protocol, 55.7).
    """

    def __init__(self, port):
        self.rows = self.bytes = 0
        self._server = ("127.0.0.1", port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self):
        """Take no more clients; those there are end by themselves."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for source, target, look in (
                (client, server, None),
                (server, client, self._counted()),
            ):
                threading.Thread(
                    target=_pass_on, args=(source, target, look), daemon=True
                ).start()

    def _counted(self):
        kept = bytearray()

        def look(some):
            self.bytes += len(some)
            kept.extend(some)
            while len(kept) >= 5:
                size = 1 + int.from_bytes(kept[1:5], "big")
                if len(kept) < size:
                    return
                self.rows += kept[:1] == b"D"
                del kept[:size]

        return look


def _pass_on(source, target, look):
    with source, target:
        while True:
            try:
                some = source.recv(1 << 16)
                if look and some:
                    look(some)
                target.sendall(some)
            except OSError:
                return
            if not some:
                return
