#!/bin/sh
# repository.sh FOLDER [KEY]: makes each folder in FOLDER a repository of its packages, for apt and dnf,
# signed by the private PGP key in the file KEY, whose passphrase is in NFPM_PASSPHRASE.
set -eu
folder=$1 key=${2:-}
for tool in dpkg-scanpackages apt-ftparchive createrepo_c gpg; do
    command -v $tool >/dev/null || {
        echo "package_repository needs $tool: apt install dpkg-dev apt-utils createrepo-c gpg gpg-agent"
        exit 1
    }
done

GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
sign() {
    printf '%s' "${NFPM_PASSPHRASE:-}" |
        gpg --batch --quiet --yes --pinentry-mode loopback --passphrase-fd 0 --armor "$@"
}
if [ -n "$key" ]; then
    sign --import "$key"
fi

for each in "$folder"/*/; do
    cd "$each"
    rm -f Release InRelease key.asc
    dpkg-scanpackages --multiversion . >Packages 2>/dev/null
    gzip --keep --force --no-name Packages
    apt-ftparchive release . >Release.new
    mv Release.new Release
    createrepo_c --quiet --update .
    if [ -n "$key" ]; then
        sign --clearsign --output InRelease Release
        sign --detach-sign --output repodata/repomd.xml.asc repodata/repomd.xml
        sign --export --output key.asc
    fi
    # In a container root makes them: they become those of the owner of the folder.
    if [ "$(id -u)" = 0 ]; then
        chown -R --reference="$folder" .
    fi
done
