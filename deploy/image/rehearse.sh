#!/bin/sh
# Builds images where there is neither a container engine nor a registry:
#
#   deploy/image/rehearse.sh <folder> [<service> ...]
#
# buildah runs every instruction of the Dockerfile in a chroot. The base is made of Debian's packages, without what slim
# images leave out too, and trusts whom this machine trusts. <folder>/images is an OCI layout with a tag for each service.
# Needs root, and Debian's packages buildah and mmdebstrap.
set -eu
folder=$1
shift
[ $# -gt 0 ] || set -- identity applications documents notifications
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
storage=$(mktemp -d)
engine() {
  buildah --root "$storage/root" --runroot "$storage/run" --storage-driver overlay "$@"
}
trap 'engine rm --all >/dev/null; engine rmi --all --force >/dev/null; rm -rf "$storage"' EXIT

base=localhost/base:12
[ -e "$folder/base.tar" ] || {
  mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='echo "APT::Keep-Downloaded-Packages \"false\";" >"$1/etc/apt/apt.conf.d/keep-nothing"' \
    bookworm "$folder/base.new.tar"
  mv "$folder/base.new.tar" "$folder/base.tar"
}
made=$(engine from scratch)
engine add --quiet "$made" "$folder/base.tar" / >/dev/null
engine add --quiet "$made" /etc/ssl/certs/ca-certificates.crt /etc/ssl/machine.pem >/dev/null
engine config --env SSL_CERT_FILE=/etc/ssl/machine.pem --env PIP_CERT=/etc/ssl/machine.pem "$made"
engine commit --quiet --rm "$made" "$base" >/dev/null

for service in "$@"; do
  engine bud --isolation chroot --pull-never --layers=false --ignorefile "$root/deploy/image/Dockerfile.dockerignore" \
    --file "$root/deploy/image/Dockerfile" --build-arg BASE="$base" --build-arg SERVICE="$service" \
    --tag "localhost/madoguchi/$service" "$root"
  engine push --quiet "localhost/madoguchi/$service" "oci:$folder/images:$service"
done
