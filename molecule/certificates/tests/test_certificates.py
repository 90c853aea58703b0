"""What becomes of a site's certificate, one thing after the other, and the site answers throughout.

The tests follow one another: each begins where the one before has ended.
"""

from __future__ import annotations

import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256

from ansible_collections.pyhost.flask.molecule.certificates.tests.story import (
    DAY,
    HOST,
    NOW,
    SITE,
    Story,
    make,
)
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser

testinfra_hosts = [f"docker://{HOST}"]

WWW = f"www.{SITE}"
TENANT = f"tenant.{SITE}"
OTHER = {
    "name": "other",
    "source": {"git": "git://services/guestbook.git"},
    "wsgi": "guestbook:app",
    "domains": [WWW],
    "certbot": {"server": "https://services:14001/dir"},
}
LIVE = "/etc/letsencrypt/live/guest-book"
STATES = "find /etc/nginx /etc/letsencrypt -type f -exec sha256sum {} + | sort"
RENEW = """cat /etc/ssl/certs/ca-certificates.crt /etc/letsencrypt/ca/*.pem >/run/ca.pem
REQUESTS_CA_BUNDLE=/run/ca.pem certbot renew --force-renewal --no-random-sleep-on-renew"""


def test_expired_placeholder_and_a_domain_that_does_not_point_here(story: Story) -> None:
    old = make("guest-book", names=(SITE,), left=-3, ca=False)
    folder = "/etc/nginx/tls/guest-book"
    story.on_host(f"cat >{folder}/fullchain.pem", old.pem)
    story.on_host(f"cat >{folder}/privkey.pem", old.key)
    story.on_host("systemctl reload nginx")
    backups = "/etc/pyhost-flask/backup/guest-book.json"
    story.on_host(f"rm {backups}")
    with story.visited("expired placeholder, no DNS record", trusted=False):
        done = story.play("site", change={})
        assert done.returncode != 0
        story.on_host(f"test -e {backups}")  # all else that the playbook does is done
        assert f"{SITE}: make a DNS record" in done.stdout
        assert "the site answers with a self-signed one" in done.stdout
        assert story.served().not_valid_after_utc > NOW + 3000 * DAY


def test_the_next_run_heals_it(story: Story) -> None:
    story.point(SITE)
    with story.visited("issue", trusted=False):
        story.must(change={})
        assert story.names() == [SITE]
        assert "Pebble" in story.served().issuer.rfc4514_string()
    with story.visited("nothing to do"):
        assert "changed=0" in story.must(change={})


def test_renewal_is_served_at_once(story: Story) -> None:
    before = story.served()
    with story.visited("renewal"):
        story.on_host(RENEW)
        assert story.served() != before


def test_status_tells_of_a_renewal_that_is_not_served_and_the_next_run_mends_it(
    story: Story,
) -> None:
    with story.visited("renewal without its hook"):
        story.on_host(f"{RENEW} --no-directory-hooks && systemctl stop certbot.timer")
        before = story.served()
        said = story.must("status", change={})
        assert "NOT THE ONE THAT NGINX SERVES" in said
        assert "certbot.timer IS OFF" in said
        story.must(change={})
        assert story.served() != before
        assert story.on_host("systemctl is-active certbot.timer").strip() == "active"


def test_expired_certificate_is_renewed(story: Story) -> None:
    old = make("guest-book", names=(SITE,), left=-1, ca=False)
    story.on_host(f"cat >$(readlink -f {LIVE}/fullchain.pem)", old.pem)
    story.on_host(f"cat >$(readlink -f {LIVE}/privkey.pem)", old.key)
    story.on_host("systemctl reload nginx")
    with story.visited("expired certificate", trusted=False):
        story.must(change={})
        assert story.served().not_valid_after_utc > NOW + 80 * DAY


def test_names_come_and_go(story: Story) -> None:
    story.point(WWW)
    with story.visited("added name"):
        story.must(change={"domains": [SITE, WWW]})
        assert story.names() == [SITE, WWW]
    with story.visited("removed name"):
        story.must(change={})
        assert story.names() == [SITE]


REFUSALS = {
    "names that do not resolve, or lead to a closed port": (
        {"domains": [SITE, "nowhere.deb12.test", "closed.deb12.test"]},
        ["nowhere.deb12.test: make a DNS record", "closed.deb12.test: let port 80 of the address"],
    ),
    "a rate limit": (
        {"certbot": {"server": "https://services:14003/dir"}},
        ["too many certificates already issued", "retry after 7200 seconds", "wait as long as"],
    ),
    "an authority that rejects every nonce": (
        {"certbot": {"server": "https://services:14002/dir"}},
        ["badNonce"],
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_explained_and_the_site_keeps_its_certificate(
    story: Story, refusal: str
) -> None:
    change, said = REFUSALS[refusal]
    before = story.served()
    with story.visited(refusal):
        done = story.play(change=change)
        assert done.returncode != 0
        for text in said:
            assert text in done.stdout, done.stdout
        assert "the site answers with the one that it has" in done.stdout
        assert story.served() == before


def test_wrong_credentials_for_dns_records_are_explained(story: Story) -> None:
    wrong = story.dns_key() | {"secret": "d3Jvbmcgc2VjcmV0IHRoYXQgbm9ib2R5IGtub3dz"}
    dns = {"plugin": "rfc2136", "credentials": wrong, "propagation": 1}
    with story.visited("wrong credentials"):
        change = {"certbot": {"challenge": "dns", "dns": dns}, "domains": [SITE, f"*.{SITE}"]}
        done = story.play(change=change)
        assert done.returncode != 0
        assert "check certbot.dns.credentials" in done.stdout
        assert wrong["secret"] not in done.stdout


def test_wildcard_by_dns_records(story: Story, browser: Browser) -> None:
    key = story.dns_key()
    dns = {"plugin": "rfc2136", "credentials": key, "propagation": 1}
    change = {"certbot": {"challenge": "dns", "dns": dns}, "domains": [SITE, f"*.{SITE}"]}
    with story.visited("wildcard"):
        said = story.must(change=change)
        assert key["secret"] not in said
        assert story.names() == [f"*.{SITE}", SITE]
        page = browser.get(f"https://{TENANT}/", "--cacert", "/run/roots.pem")
        assert page.status == 200, page.error
        assert "changed=0" in story.must(change=change)
        story.on_host(RENEW)  # finds the credentials by itself
    file = story.on_host("stat -c '%a %U' /etc/letsencrypt/dns /etc/letsencrypt/dns/guest-book")
    assert file.splitlines() == ["700 root", "600 root"]


def test_back_to_one_name_with_another_kind_of_key(story: Story) -> None:
    with story.visited("other kind of key"):
        story.must(change={"certbot": {"key_type": "rsa"}})
        assert story.names() == [SITE]
        key = story.served().public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048
        assert story.on_host("ls -A /etc/letsencrypt/dns 2>/dev/null || true") == ""


def test_revoked_certificate_is_replaced_first(story: Story) -> None:
    """And so is one that a run which was killed has replaced and not revoked."""
    before, earlier = story.served(), story.earlier()
    folder = "/var/lib/pyhost-flask/revocations/guest-book"
    story.on_host(f"mkdir -p {folder} && touch {folder}/{earlier.fingerprint(SHA256()).hex()}")
    change = {"certbot": {"key_type": "rsa"}}
    with story.visited("revocation"):
        story.must("revoke", app="guest-book", reason="keycompromise", change=change)
        after = story.served()
    assert after.public_key() != before.public_key()
    asked = "curl -sSf https://localhost:15001/cert-status-by-serial/%x"
    assert '"Status": "Revoked"' in story.service(asked % before.serial_number)
    assert '"Status": "Revoked"' in story.service(asked % earlier.serial_number)
    assert '"Status": "Valid"' in story.service(asked % after.serial_number)


def test_nothing_is_revoked_without_a_new_certificate(story: Story) -> None:
    before = story.served()
    change = {"certbot": {"key_type": "rsa", "server": "https://services:14003/dir"}}
    with story.visited("revocation without a new one"):
        done = story.play("revoke", app="guest-book", change=change)
        assert done.returncode != 0
        assert "nothing was revoked" in done.stdout
    assert story.served() == before


def test_a_site_that_is_gone_takes_its_certificate_along(story: Story) -> None:
    change = {"certbot": {"key_type": "rsa"}}
    by_hand = "--cert-name by-hand --webroot -w /var/www/acme --server https://services:14001/dir"
    bundle = "REQUESTS_CA_BUNDLE=/etc/letsencrypt/ca/guest-book.pem"
    with story.visited("another site comes and goes"):
        story.must(change=change, others=[OTHER])
        story.on_host(f"{bundle} certbot certonly -n --force-renewal {by_hand} -d {SITE}")
        assert "other" in story.on_host("ls /etc/letsencrypt/live")
        said = story.must(change=change)
    left = story.on_host(
        "cd /etc/letsencrypt && ls live archive renewal /etc/nginx/tls /etc/nginx/tls/.*"
    )
    assert "other" not in left, said
    assert "by-hand" in left
    story.on_host("certbot delete -n --cert-name by-hand")


def bad(story: Story) -> list[tuple[str, str, str]]:
    """Files with each a mistake, and what is said of them."""
    leaf = make("bad", story.between, ("*.deb12.test",), ca=False)
    late = make("bad", story.between, ("*.deb12.test",), left=-2, ca=False)
    elsewhere = make("bad", story.between, ("elsewhere.test",), ca=False)
    stranger = make("An authority of the tests", story.root)
    chain = leaf.pem + story.between.pem
    return [
        (chain, late.key, "does not belong to the certificate"),
        (late.pem + story.between.pem, late.key, "has expired on"),
        (elsewhere.pem, elsewhere.key, "is not for bad-2.deb12.test; it is for elsewhere.test"),
        (story.between.pem + leaf.pem, leaf.key, "must come first"),
        (leaf.pem + stranger.pem, leaf.key, "did not sign certificate 1"),
        ("rubbish", leaf.key, "holds no certificate in PEM"),
        (chain.replace(leaf.pem[70:90], ""), leaf.key, "number 1 is damaged"),
        (chain, leaf.key[:60] + leaf.key[70:], "is not a key that openssl can read"),
    ]


def test_bad_files_change_nothing(story: Story) -> None:
    """Each of them in a site of its own, and the first one in ours as well: one run names all."""
    found = bad(story)
    sites = [
        {
            **OTHER,
            "name": f"bad-{number}",
            "domains": [f"bad-{number}.deb12.test"],
            **story.provided(chain, key, f"bad-{number}"),
        }
        for number, (chain, key, _said) in enumerate(found)
    ]
    before, state = story.served(), story.on_host(STATES)
    with story.visited("bad files"):
        done = story.play(change=story.provided(*found[0][:2], "ours"), others=sites)
        assert done.returncode != 0
    for number, (_chain, _key, said) in enumerate(found):
        assert re.search(rf"bad-{number}: .*{said}", done.stdout), done.stdout
    assert re.search("guest-book: .*/ours.key: does not belong", done.stdout)
    assert "No certificate was changed" in done.stdout
    assert story.served() == before
    assert story.on_host(STATES) == state


def test_a_missing_file_is_found_before_the_first_task(story: Story) -> None:
    change = story.provided("", "", "missing")
    os.unlink(change["certificate"]["key"])
    done = story.play(change=change)
    assert done.returncode != 0
    assert "certificate.key" in done.stdout
    assert "cannot be read on the controller" in done.stdout
    assert "Give each site a certificate" not in done.stdout


def test_good_files_replace_certbots_certificate(story: Story) -> None:
    first = make("guest-book", story.between, (f"*.{SITE.partition('.')[2]}",), ca=False)
    soon = make("guest-book", story.between, (SITE,), left=9, ca=False)
    with story.visited("from certbot to provided"):
        change = story.provided(first.pem + story.between.pem, first.key, "first")
        said = story.must(change=change)
        assert story.served() == first.certificate
        assert first.key.splitlines()[1] not in said
    assert "guest-book" not in story.on_host("ls /etc/letsencrypt/live /etc/letsencrypt/renewal")
    with story.visited("provided, encrypted in the vault, and ends soon"):
        change = story.provided(soon.pem + story.between.pem, soon.key, "soon")
        story.encrypt(change["certificate"]["key"])
        said = story.must(change=change)
        assert "ends in 9 days" in " ".join(said.split())
        assert story.served() == soon.certificate


def test_files_on_the_host(story: Story) -> None:
    given = make("guest-book", story.between, (SITE,), ca=False)
    story.on_host("cat >/root/chain.pem", given.pem + story.between.pem)
    story.on_host("umask 077; cat >/root/key.pem", given.key)
    files = {"chain": "/root/chain.pem", "key": "/root/key.pem", "source": "host"}
    with story.visited("provided on the host"):
        story.must(change={"https": "provided", "certificate": files})
        assert story.served() == given.certificate


def test_back_to_certbot(story: Story) -> None:
    with story.visited("from provided to certbot"):
        story.must("site", change={})
        assert "Pebble" in story.served().issuer.rfc4514_string()
    assert story.on_host("ls -A /etc/nginx/tls/.provided /etc/nginx/tls/.selfsigned").split() == [
        "/etc/nginx/tls/.provided:",
        "/etc/nginx/tls/.selfsigned:",
    ]
