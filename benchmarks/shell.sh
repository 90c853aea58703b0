#!/usr/bin/env bash
# What an experienced administrator would write to serve examples/notes from an empty Debian server:
# the same server, database, service, site and certificate as by site.yml, and nothing of what makes the
# second run quick and safe. To be run as root:
#   shell.sh DOMAIN EMAIL GIT ACME ACME_CA
#   DOMAIN, EMAIL    the site, and whom the certificate authority may write to
#   GIT              where the app's code is
#   ACME, ACME_CA    the ACME server, and the PEM text that it is trusted by
set -euo pipefail
domain=$1 email=$2 git=$3 acme=$4 acme_ca=$5
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
umask 022

apt-get -qq update
apt-get -qq install --no-install-recommends \
  ca-certificates certbot fail2ban git logrotate mariadb-server nftables nginx openssl python3-systemd \
  python3-venv sudo systemd-timesyncd unattended-upgrades </dev/null
apt-get -qq upgrade </dev/null >/dev/null

# The server itself: SSH by keys alone, a firewall, fail2ban, updates by themselves.
cat >/etc/ssh/sshd_config.d/00-hardening.conf <<'END'
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
END
sshd -t
systemctl reload ssh
cat >/etc/nftables.conf <<'END'
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state vmap { established: accept, related: accept, invalid: drop }
        iifname "lo" accept
        meta l4proto { 1, 58 } accept
        tcp dport { 22, 80, 443 } accept
    }
}
END
systemctl -q enable nftables
# Without "flush ruleset" here: in the test bed the container's own rules are Docker's.
sed 1d /etc/nftables.conf | nft -f -
cat >/etc/fail2ban/jail.local <<'END'
[DEFAULT]
backend = systemd
banaction = nftables[type=allports]
[sshd]
enabled = true
END
systemctl -q enable fail2ban
systemctl restart fail2ban
printf 'APT::Periodic::%s "1";\n' Update-Package-Lists Unattended-Upgrade >/etc/apt/apt.conf.d/20auto-upgrades
printf -- '-%s\n' net.core.somaxconn=4096 vm.swappiness=10 kernel.kptr_restrict=2 >/etc/sysctl.d/60-server.conf
# A container may not set all of them.
sysctl -q -p /etc/sysctl.d/60-server.conf 2>/dev/null || true

# The app: its user, code, packages, database and settings.
useradd --system --home-dir /srv/notes/instance --shell /usr/sbin/nologin notes
install -d /srv/notes /etc/letsencrypt /var/www/acme
install -d -o notes -g notes -m 0750 /srv/notes/instance /var/log/notes
install -d -o root -g notes -m 0750 /etc/notes

git clone -q "$git" /srv/notes/app
ln -s ../instance /srv/notes/app/instance
python3 -m venv /srv/notes/venv
/srv/notes/venv/bin/pip install -q -r /srv/notes/app/requirements.txt gunicorn pymysql

mariadb -e "CREATE DATABASE notes CHARACTER SET utf8mb4;
  CREATE USER notes@localhost IDENTIFIED VIA unix_socket;
  GRANT ALL ON notes.* TO notes@localhost;"

install -o root -g notes -m 0640 /dev/stdin /etc/notes/environment <<END
FLASK_APP=notes:create_app()
DATABASE_URL=mysql+pymysql://notes@localhost/notes?unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4
SECRET_KEY=$(openssl rand -hex 32)
APP_RELEASE=$(git -C /srv/notes/app rev-parse --short=12 HEAD)
END

systemd-run --quiet --wait --pipe --uid=notes --working-directory=/srv/notes/app \
  --property=EnvironmentFile=/etc/notes/environment /srv/notes/venv/bin/flask db upgrade </dev/null

# The service. It has nginx's group, so that nothing else reaches its socket.
cat >/etc/systemd/system/notes.service <<'END'
[Unit]
Description=Notes
After=network.target mariadb.service

[Service]
Type=notify
User=notes
Group=www-data
SupplementaryGroups=notes
RuntimeDirectory=notes
RuntimeDirectoryMode=0750
WorkingDirectory=/srv/notes/app
EnvironmentFile=/etc/notes/environment
ExecStart=/srv/notes/venv/bin/gunicorn --preload --workers 5 --bind unix:/run/notes/gunicorn.sock --access-logfile /var/log/notes/access.log notes:create_app()
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
Restart=on-failure
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=strict
ReadWritePaths=/srv/notes/instance /var/log/notes

[Install]
WantedBy=multi-user.target
END
cat >/etc/logrotate.d/notes <<'END'
/var/log/notes/*.log {
    su notes adm
    daily
    rotate 14
    missingok
    notifempty
    compress
    copytruncate
}
END
systemctl daemon-reload
systemctl -q enable --now notes.service

# nginx on port 80 first, for certbot; then the site with its certificate.
rm /etc/nginx/sites-enabled/default
cat >/etc/nginx/sites-available/notes <<END
server {
    listen 80;
    listen [::]:80;
    server_name $domain;
    location /.well-known/acme-challenge/ { root /var/www/acme; }
    location / { return 301 https://\$host\$request_uri; }
}
END
ln -s ../sites-available/notes /etc/nginx/sites-enabled/notes
systemctl reload-or-restart nginx

printf '%s\n' "$acme_ca" >/etc/letsencrypt/acme-ca.pem
install -d /etc/systemd/system/certbot.service.d
printf '[Service]\nEnvironment=REQUESTS_CA_BUNDLE=/etc/letsencrypt/acme-ca.pem\n' \
  >/etc/systemd/system/certbot.service.d/ca.conf
REQUESTS_CA_BUNDLE=/etc/letsencrypt/acme-ca.pem certbot certonly --quiet --non-interactive \
  --agree-tos --email "$email" --server "$acme" --webroot --webroot-path /var/www/acme \
  --cert-name notes --domain "$domain" --deploy-hook 'systemctl reload nginx'

cat >>/etc/nginx/sites-available/notes <<END
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    http2 on;
    server_name $domain;
    ssl_certificate /etc/letsencrypt/live/notes/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/notes/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security max-age=63072000 always;
    client_max_body_size 10m;
    gzip_types text/css text/javascript application/javascript application/json image/svg+xml;
    location /static/ { alias /srv/notes/app/notes/static/; expires 1h; }
    location / {
        proxy_pass http://unix:/run/notes/gunicorn.sock;
        proxy_set_header Host \$host;
        proxy_set_header X-Forwarded-For \$remote_addr;
        proxy_set_header X-Forwarded-Proto \$scheme;
        proxy_set_header X-Forwarded-Host \$host;
    }
}
END
nginx -t -q
systemctl reload nginx
systemctl daemon-reload
