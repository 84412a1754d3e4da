#!/bin/sh
# Makes all certificates anew, valid from 2020 for 100 years. Needs openssl; the tests do not.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' '[ca]' 'default_ca=a' '[a]' "database=$work/index" "new_certs_dir=$work" 'default_md=sha256' \
  'policy=any' 'rand_serial=yes' 'unique_subject=no' '[any]' 'O=optional' 'CN=supplied' \
  '[authority]' 'basicConstraints=critical,CA:true' 'keyUsage=critical,keyCertSign' \
  '[server]' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth' \
  '[client]' 'extendedKeyUsage=clientAuth' >"$work/ca.conf"
: >"$work/index"

certify() { # file, name (CN), section of extensions, how it is signed
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=Outpost Hub tests/CN=$2" \
    -keyout "$1.key" -out "$work/request"
  file=$1 section=$3
  shift 3
  openssl ca -batch -notext -config "$work/ca.conf" -startdate 20200101000000Z -enddate 21200101000000Z \
    -extensions "$section" -in "$work/request" -out "$file.pem" "$@"
}
certify authority 'Test authority' authority -selfsign -keyfile authority.key
certify stranger 'Another authority' authority -selfsign -keyfile stranger.key
certify hub localhost server -cert authority.pem -keyfile authority.key
certify food-drug food-drug client -cert authority.pem -keyfile authority.key
certify police police client -cert authority.pem -keyfile authority.key
certify forged-food-drug food-drug client -cert stranger.pem -keyfile stranger.key
# Nobody signs with them again.
rm authority.key stranger.key stranger.pem
