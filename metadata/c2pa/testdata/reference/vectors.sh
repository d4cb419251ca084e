#!/bin/sh
# Makes the files of testdata/vectors, where the packages of package.json are installed
# in $AIGCLABEL_C2PA: vectors.sh OUT
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=$1
keys=$(mktemp -d)
trap 'rm -r "$keys"' EXIT
mkdir -p "$out"

root() { # NAME: a root of its own
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/O=Vectors/CN=Root of $1" -keyout "$keys/$1-root.key" -out "$keys/$1-root.pem"
}
leaf() { # NAME ROOT KEYTYPE...: a signer's key and certificate
  name=$1 root=$2
  shift 2
  openssl req -new -newkey "$@" -nodes -subj "/O=Vectors/CN=$name" -keyout "$keys/$name.key" -out "$keys/$name.csr"
  openssl x509 -req -in "$keys/$name.csr" -CA "$keys/$root-root.pem" -CAkey "$keys/$root-root.key" -CAcreateserial -days 3640 -extfile "$keys/leaf.ext" -out "$keys/$name.pem"
}
printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
  extendedKeyUsage=1.3.6.1.4.1.62558.2.1,emailProtection subjectKeyIdentifier=hash authorityKeyIdentifier=keyid > "$keys/leaf.ext"
{
  root known
  root other
  leaf es256 known ec -pkeyopt ec_paramgen_curve:P-256
  leaf es384 known ec -pkeyopt ec_paramgen_curve:P-384
  leaf es512 known ec -pkeyopt ec_paramgen_curve:P-521
  leaf ed25519 known ed25519
  leaf stranger other ec -pkeyopt ec_paramgen_curve:P-256
  for name in ps256 ps384 ps512; do leaf $name known rsa:2048; done
} 2> /dev/null
cp "$keys/known-root.pem" "$out/root.pem"
node "$here/vectors.mjs" --keys "$keys" --media "$here/../../../testdata" --out "$out"
