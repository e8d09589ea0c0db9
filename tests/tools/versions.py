"""Boots releases of Kafka, one after the other, and prints which version of each request meerkat chose: part of `make matrix`.

    versions.py 2.8.2 4.4.0
"""

import json
import subprocess
import sys

import scene


def main():
    chosen = {}
    for version in sys.argv[1:]:
        with scene.folder("versions") as at, scene.Kafka(at / "kafka", version=version) as kafka:
            variables = scene.environment({**kafka.variables(), "MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off"})
            done = subprocess.run([scene.TARGET / "debug" / "meerkat"], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            if done.returncode != 0:
                raise SystemExit(f"Kafka {version}: meerkat ended with {done.returncode}: {done.stdout}")
            chosen[version] = json.loads(done.stdout)["brokers"][0]["versions"]
    apis = sorted({api for of_release in chosen.values() for api in of_release})
    print("\nThe version of each request that meerkat chose; a dash where the release does not know it or has none in common:\n")
    print(f"{'':<10}" + "".join(f"{api:>{len(api) + 2}}" for api in apis))
    for version, of_release in chosen.items():
        print(f"{version:<10}" + "".join(f"{of_release.get(api, '-'):>{len(api) + 2}}" for api in apis))


if __name__ == "__main__":
    main()
