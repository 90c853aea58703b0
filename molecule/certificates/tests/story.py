"""The visitors, the authority's DNS, certificates of the tests' own, and the plays meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SCENARIO = Path(__file__).parents[1]
PREFIX = os.environ["BED_NAME"] + "-certificates-"
SERVICES = PREFIX + "services"
HOST = PREFIX + "deb12"
SITE = "guestbook.deb12.test"
USAGES = [
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
]
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def run(*command: str, data: str = "") -> str:
    """Run a command that must succeed; return its output."""
    done = subprocess.run(command, input=data, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    private: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key(self) -> str:
        kind = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return self.private.private_bytes(serialization.Encoding.PEM, kind, plain).decode()


def make(
    name: str,
    by: Pair | None = None,
    names: tuple[str, ...] = (),
    left: float = 90,
    ca: bool = True,
) -> Pair:
    """A certificate that ends in ``left`` days, by an authority or by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    own = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    signer = by.private if by else private
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(USAGES, False) | {"digital_signature": True, "key_cert_sign": ca}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + (left - 100) * DAY)
        .not_valid_after(NOW + left * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(own, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(alternative, critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), private)


class Story:
    """The site's host, the world around it, and the visitors."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.vault = folder, folder / "password"
        self.root = make("A root of the tests")
        self.between = make("An authority of the tests", self.root)
        roots = self.root.pem + self.service("curl -sSf https://localhost:15001/roots/0")
        run("docker", "exec", "-i", SERVICES, "sh", "-c", "cat >/run/roots.pem", data=roots)
        command = ["docker", "exec", "-i", SERVICES, "python3", "/run/client.py"]
        pipe = subprocess.PIPE
        self._visitors = subprocess.Popen(
            [*command, "/run/roots.pem", SITE], stdin=pipe, stdout=pipe, text=True
        )

    def service(self, command: str, data: str = "") -> str:
        """Run a command line in the services container."""
        return run("docker", "exec", "-i", SERVICES, "sh", "-c", command, data=data)

    def on_host(self, command: str, data: str = "") -> str:
        """Run a command line on the host."""
        return run("docker", "exec", "-i", HOST, "sh", "-c", command, data=data)

    def point(self, name: str) -> None:
        """Make the DNS record that lets a name point to the host."""
        self._update(f"update add {name}. 1 A {self._address()}")

    def _update(self, line: str) -> None:
        self.service("nsupdate -k /run/dns/key", f"server 127.0.0.1\n{line}\nsend\n")

    def _address(self) -> str:
        return self.service(f"getent hosts {SITE}").split()[0]

    def dns_key(self) -> dict[str, str]:
        """What certbot's plugin needs for the zone."""
        secret = re.findall(r'secret "(.+)"', self.service("cat /run/dns/key"))[0]
        address = self.service("hostname -i").split()[0]
        names = {"name": "certbot", "secret": secret, "algorithm": "HMAC-SHA512"}
        return {"server": address, "dns_rfc2136_port": "53"} | names

    def provided(self, chain: str, key: str, name: str) -> dict[str, Any]:
        """The options of an app for files on the controller."""
        files = {"chain": self.folder / f"{name}.pem", "key": self.folder / f"{name}.key"}
        files["chain"].write_text(chain)
        files["key"].write_text(key)
        return {"https": "provided", "certificate": {kind: str(files[kind]) for kind in files}}

    def encrypt(self, file: str) -> None:
        """Put a file into the vault."""
        self.vault.write_text("sesame")
        run("ansible-vault", "encrypt", "--vault-password-file", str(self.vault), file)

    def play(self, name: str = "", **variables: Any) -> subprocess.CompletedProcess[str]:
        """Run one of the user's playbooks, or the role nginx alone; ``change`` is of the app."""
        playbook = f"pyhost.flask.{name}" if name else str(SCENARIO / "nginx.yml")
        command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], playbook]
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        settings = ["--extra-vars", json.dumps(variables)]
        if self.vault.exists():
            settings += ["--vault-password-file", str(self.vault)]
        return subprocess.run([*command, *settings], **output, text=True, check=False)

    def must(self, name: str = "", **variables: Any) -> str:
        """Run a playbook that must succeed; return its output."""
        done = self.play(name, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def served(self, name: str = SITE) -> x509.Certificate:
        """The certificate that a visitor gets."""
        command = f"openssl s_client -connect {SITE}:443 -servername {name} </dev/null 2>/dev/null"
        found = re.search(
            "-----BEGIN CERT.*-----END CERTIFICATE-----", self.service(command), re.DOTALL
        )
        assert found
        return x509.load_pem_x509_certificate(found[0].encode())

    def names(self) -> list[str]:
        """The names in it."""
        found = self.served().extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return sorted(found.value.get_values_for_type(x509.DNSName))

    def earlier(self) -> x509.Certificate:
        """The certificate that certbot had before its newest one."""
        files = "ls -v /etc/letsencrypt/archive/guest-book/cert*.pem"
        return x509.load_pem_x509_certificate(
            self.on_host(f"cat $({files} | tail -2 | head -1)").encode()
        )

    @contextlib.contextmanager
    def visited(self, phase: str, trusted: bool = True) -> Iterator[None]:
        """All visitors get their answer meanwhile, and, if it says so, no warning."""
        self._turn(phase)
        yield
        counts = self._turn("between")
        sent, answered, untrusted = (counts[key] for key in ("sent", "answered", "untrusted"))
        print(
            f"\n  counted {phase}: {sent} requests sent, {answered} answered,"
            f" {len(counts['lost'])} lost, {untrusted} with a warning of the browser,"
            f" {counts['resent']} sent again, slowest {counts['slowest']:.2f} s"
        )
        assert counts["lost"] == []
        assert answered == sent > 0
        assert not (trusted and untrusted)

    def _turn(self, phase: str) -> dict[str, Any]:
        assert self._visitors.stdin
        assert self._visitors.stdout
        self._visitors.stdin.write(phase + "\n")
        self._visitors.stdin.flush()
        return json.loads(self._visitors.stdout.readline())

    def end(self) -> None:
        self._visitors.communicate()
