#!/bin/sh
# Ansible managed
# certbot runs this after it has renewed certificates.
set -e
nginx -t -q
service nginx reload
