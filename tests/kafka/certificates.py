"""Makes a CA, good certificates, and one certificate for each way a certificate can be bad, as PEM files.

`NAME.key` is the private key (PKCS#8), `NAME.crt` the certificate, `NAME.pem` both in one file.
"""

import pathlib
import subprocess

PAST = ("20200101000000Z", "20210101000000Z")
NOW = ("20200101000000Z", "20490101000000Z")
LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1"
PASSWORD = "changeit"

# name: (signer, common name, subject alternative names, extended key usage, validity)
CERTIFICATES = {
    "broker": ("ca", "localhost", LOCAL, "serverAuth,clientAuth", NOW),
    "client": ("ca", "meerkat", "DNS:meerkat", "clientAuth", NOW),
    "expired": ("ca", "localhost", LOCAL, "serverAuth", PAST),
    "other-name": ("ca", "other.example", "DNS:other.example", "serverAuth", NOW),
    "unknown-ca": ("other-ca", "localhost", LOCAL, "serverAuth", NOW),
    "client-expired": ("ca", "meerkat", "DNS:meerkat", "clientAuth", PAST),
    "client-unknown-ca": ("other-ca", "meerkat", "DNS:meerkat", "clientAuth", NOW),
}


def make(folder, stores=False):
    """Fills `folder`; answers name → path. `stores` adds the PKCS#12 files that old brokers read."""
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True)
    (folder / "openssl.cnf").write_text(_CONFIG)
    paths = {}
    for name in ("ca", "other-ca"):
        _key(folder, name)
        _run(folder, f"req -x509 -new -config openssl.cnf -extensions authority -key {name}.key -days 9000 -out {name}.crt", "-subj", f"/CN=meerkat test {name}")
        (folder / f"{name}.pem").write_text((folder / f"{name}.crt").read_text())
        paths[name] = str(folder / f"{name}.pem")
    for name, (signer, common_name, names, usage, (start, end)) in CERTIFICATES.items():
        _key(folder, name)
        _run(folder, f"req -new -config openssl.cnf -key {name}.key -out {name}.csr", "-subj", f"/CN={common_name}")
        (folder / "index.txt").write_text("")
        (folder / "leaf.cnf").write_text(
            f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\nsubjectAltName={names}\n"
        )
        _run(
            folder,
            f"ca -batch -notext -config openssl.cnf -extfile leaf.cnf -cert {signer}.crt -keyfile {signer}.key"
            f" -startdate {start} -enddate {end} -in {name}.csr -out {name}.crt",
        )
        # Kafka reads a key and its whole chain from one file.
        pem = "".join((folder / file).read_text() for file in (f"{name}.key", f"{name}.crt", f"{signer}.crt"))
        (folder / f"{name}.pem").write_text(pem)
        for kind in ("key", "crt", "pem"):
            paths[name if kind == "pem" else f"{name}_{kind}"] = str(folder / f"{name}.{kind}")
    if stores:
        _run(folder, f"pkcs12 -export -in broker.pem -out broker.p12 -name broker -passout pass:{PASSWORD}")
        # Java trusts a certificate in a PKCS#12 file only with an attribute that keytool alone writes.
        argv = f"keytool -importcert -noprompt -alias ca -file ca.crt -keystore ca.p12 -storetype PKCS12 -storepass {PASSWORD}"
        subprocess.run(argv.split(), cwd=folder, check=True, capture_output=True)
    for left_over in ("index.txt", "index.txt.attr", "index.txt.attr.old", "index.txt.old", "leaf.cnf", "openssl.cnf", *(f"{name}.csr" for name in CERTIFICATES)):
        (folder / left_over).unlink(missing_ok=True)
    for copy in [path for path in folder.glob("*.pem") if len(path.stem) == 40]:
        copy.unlink()
    return paths


def _key(folder, name):
    _run(folder, f"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key")


def _run(folder, arguments, *more):
    done = subprocess.run(["openssl", *arguments.split(), *more], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"openssl {arguments}: {done.stderr}")


_CONFIG = """
[req]
distinguished_name = names
[names]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = signing
[signing]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
"""
