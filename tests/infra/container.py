"""Builds the image of infra/Containerfile and runs it, without a daemon: buildah with chroot isolation, as root.

    container.py BINARY

BINARY is linked statically. The image has nothing else but CA certificates, so what is tried here is what such an image can
lack: a loader, a user, a place to write, CAs for the calls to AWS.
"""

import contextlib
import http.server
import pathlib
import platform
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
PUBLIC_CAS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
CLUSTER = "arn:aws:kafka:eu-central-1:123456789012:cluster/orders/0a1b2c3d-0000-1111-2222-333344445555-7"


def main():
    binary = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="container-") as folder, service(pathlib.Path(folder)) as (address, asked, ca):
        ours = Image(pathlib.Path(folder) / "ours", binary, ca)
        same(ours.files(), ["etc/ssl/certs/ca-certificates.crt", "meerkat"], "there is nothing else in the image")
        version = ours.run("--version")
        same((version.returncode, version.stdout.split()[0]), (0, "meerkat"), "the program starts")

        nothing = ours.run()
        same((nothing.returncode, "KAFKA_BOOTSTRAP_SERVERS" in nothing.stderr), (4, True), f"a run without variables says what it needs: {nothing.stderr}")

        lookup = {
            "KAFKA_CLUSTER_ARN": CLUSTER,
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "MEERKAT_HISTORY": "off",
            "MEERKAT_PUBLISH": "off",
        }
        refused = ours.run(**lookup)
        same((refused.returncode, len(asked)), (4, 1), f"the image's CAs are trusted: {refused.stderr}")
        same("not for nobody" in refused.stderr, True, f"the service's words are printed: {refused.stderr}")

        strangers = Image(pathlib.Path(folder) / "strangers", binary, PUBLIC_CAS).run(**lookup)
        same((strangers.returncode, len(asked)), (4, 1), f"no other CA is: {strangers.stderr}")
    print(f"the image runs: {version.stdout.strip()}, {binary.stat().st_size} bytes, for {ARCHITECTURE}")


class Image:
    """An image and its container, in a folder of their own."""

    def __init__(self, folder, binary, cas):
        context = folder / "context"
        (context / ARCHITECTURE).mkdir(parents=True)
        shutil.copyfile(binary, context / ARCHITECTURE / "meerkat")
        shutil.copyfile(cas, context / "ca-certificates.crt")
        self.buildah = ["buildah", "--storage-driver", "vfs", "--root", str(folder / "root"), "--runroot", str(folder / "run")]
        arguments = ["--isolation", "chroot", "--build-arg", f"TARGETARCH={ARCHITECTURE}", "--tag", "meerkat"]
        self.do("build", "--quiet", *arguments, "--file", str(INFRA / "Containerfile"), str(context))
        self.container = self.do("from", "--pull-never", "localhost/meerkat").stdout.strip()
        user = self.do("inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}", self.container).stdout.strip()
        same(user, "65532:65532 [/meerkat]", "nobody's privileges, and the program as the entry")

    def do(self, *arguments):
        done = subprocess.run([*self.buildah, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"buildah {' '.join(arguments)}:\n{done.stderr[-2000:]}")
        return done

    def run(self, *arguments, **variables):
        """One run of the program with these variables and no standard input."""
        environment = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        argv = [*self.buildah, "run", "--isolation", "chroot", *environment, self.container, "--", "/meerkat", *arguments]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def files(self):
        """Every file of the image, before a first run adds what containers are given."""
        root = pathlib.Path(self.do("mount", self.container).stdout.strip())
        found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        self.do("umount", self.container)
        return found


@contextlib.contextmanager
def service(folder):
    """A service of AWS that refuses everybody: its address, the requests that reached it, and its CA."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = b'{"message": "not for nobody"}'
            self.send_response(403)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    ca, key, certificate = (folder / name for name in ("ca.pem", "key.pem", "service.pem"))
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    quiet = {"check": True, "stderr": subprocess.DEVNULL}
    subprocess.run([*new, "-subj", "/CN=CA", "-keyout", folder / "ca.key", "-out", ca], **quiet)
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*new, "-CA", ca, "-CAkey", folder / "ca.key", "-subj", "/CN=service", *extensions, "-keyout", key, "-out", certificate], **quiet)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", asked, ca
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}:\n  found    {found}\n  expected {expected}")


if __name__ == "__main__":
    main()
