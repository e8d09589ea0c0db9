# `make` alone lists the targets. What a target needs and does not find, it fetches into .cache/ and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

NEWEST := 4.4.0
TESTED := 2.8.2 3.9.1 $(NEWEST)
# Three brokers in trouble under 300 runs: three minutes each.
UPHEAVAL := $(NEWEST)
MATRIX := 0.11.0.3 1.1.1 2.1.1 2.8.2 3.9.1 4.0.0 4.1.1 4.2.0 4.3.1 $(NEWEST)
ARM64 := aarch64-unknown-linux-gnu
TARGET := $(or $(CARGO_TARGET_DIR),target)
E ?= events/check.json
EMULATORS := MiniStack LocalEmu
MUSL := $(shell uname -m)-unknown-linux-musl

compile = python3 tests/tools/compiling.py
build = tests/tools/prerequisites.sh build
zig = tests/tools/prerequisites.sh build && tests/tools/venv.sh venv-release tests/tools/release-requirements.txt
cargo_tool = test -x .cache/$(1)/bin/$(1) || { echo "building $(1) into .cache/$(1) (minutes)"; \
	    $(compile) install --locked --root .cache/$(1) $(1)@$(2); }
tools = tests/tools/prerequisites.sh build python && tests/tools/venv.sh venv tests/tools/requirements.txt
jars = tests/tools/prerequisites.sh build java jq openssl python
static = for arch in x86_64 aarch64; do $(call add,$$arch-unknown-linux-musl); \
	    PATH="$(CURDIR)/.cache/venv-release/bin:$$PATH" $(compile) zigbuild --locked --release --target $$arch-unknown-linux-musl --bin meerkat; done
add = rustup target list --installed | grep -qx $(1) || { echo "rustup target add $(1)"; rustup --quiet target add $(1); }

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## the arm64 zip for Lambda, with its size, and the template without transforms beside it
	@$(tools)
	@$(call add,$(ARM64))
	@PATH="$(CURDIR)/.cache/venv/bin:$$PATH" CARGO_BUILD_RUSTFLAGS="-C link-arg=-Wl,-T,infra/no-unwinding.ld" \
	    $(compile) lambda build --release --arm64 --output-format zip --bin meerkat
	@stat --format '%n: %s bytes' $(TARGET)/lambda/meerkat/bootstrap.zip
	@.cache/venv/bin/python tests/infra/plain.py $(TARGET)/lambda/meerkat/template.json
	@.cache/venv/bin/python tests/infra/plain.py $(TARGET)/lambda/meerkat/template-without-urls.json --without-urls

.PHONY: run
run: ## one run from here: make run E=events/detail-all.json
	@$(build)
	@python3 tests/tools/play.py run $(E)

.PHONY: kafka
kafka: ## a broker to play with; prints the variables to export
	@$(jars)
	@python3 tests/tools/play.py start

.PHONY: kafka-stop
kafka-stop: ## ends that broker
	@python3 tests/tools/play.py stop

.PHONY: demo
demo: ## real consumers on a real Kafka 4, twenty runs through cargo lambda, a table of verdicts
	@$(jars)
	@$(tools)
	@python3 tests/demo/demo.py

.PHONY: bench
bench: ## requests, CPU, time, memory and allocations beside a bare client and the usual tools; a link with a delay
	@$(jars)
	@$(tools)
	@tests/tools/prerequisites.sh musl
	@$(call add,$(MUSL))
	@tests/tools/venv.sh venv-bench tests/bench/requirements.txt
	@.cache/venv-bench/bin/python tests/bench/bench.py

.PHONY: bench-age
bench-age: ## what lag in seconds costs: rounds and requests, beside a consumer that reads the records
	@$(jars)
	@$(tools)
	@tests/tools/venv.sh venv-bench tests/bench/requirements.txt
	@.cache/venv-bench/bin/python tests/bench/ages.py

# What waits for brokers, beside what computes; together they last about as long as the longer one.
KAFKA := $(addprefix test-kafka-,$(TESTED)) $(addprefix test-upheaval-,$(filter $(TESTED),$(UPHEAVAL)))
WAITING := test-unit $(KAFKA)
COMPUTING := test-infra test-deploy test-package test-deny test-docs test-screenshots test-container test-ministack test-moto \
    test-readers test-openmetrics test-terminal test-shells test-lambda

.PHONY: test
test: prerequisites test-style ## everything but matrix, test-large, test-emulators and the benches; two targets at a time
	@python3 tests/tools/lanes.py "$(WAITING)" "$(COMPUTING)"

.PHONY: prerequisites
prerequisites: ## what all targets need, installed at once as root, else named at once
	@tests/tools/prerequisites.sh build make java jq openssl python chromium buildah musl strip shells

.PHONY: test-style
test-style: ## rustfmt and clippy
	@$(build)
	@$(compile) clippy --locked --all-targets
	cargo fmt --check
	cargo clippy --quiet --locked --all-targets -- -D warnings

.PHONY: test-unit
test-unit: ## the tests that need only a Rust compiler; most of them wait for a stand-in, so many run at once
	@$(build)
	@$(compile) test --no-run --locked --lib --bins --test pure --test it
	cargo test --quiet --locked --lib --bins --test pure --test it -- --test-threads $$((12 * $$(nproc)))

.PHONY: test-kafka
test-kafka: $(KAFKA) ## a real Kafka, each release in TESTED: make test-kafka TESTED=4.1.1

test-kafka-%:
	@$(jars)
	@echo "Kafka $*"
	@KAFKA_VERSION=$* tests/tools/ignored-tests.sh real_kafka --skip real_kafka::upheaval --test-threads $$((2 * $$(nproc)))

test-upheaval-%:
	@$(jars)
	@KAFKA_VERSION=$* tests/tools/ignored-tests.sh real_kafka::upheaval --nocapture

.PHONY: matrix
matrix: ## a real Kafka, each release in MATRIX, with a table of the versions chosen
	@$(MAKE) --no-print-directory test-kafka TESTED="$(MATRIX)" UPHEAVAL="$(TESTED)"
	@$(compile) build --locked --bin meerkat --example cloudwatch
	@python3 tests/tools/versions.py $(MATRIX)

.PHONY: test-kfake
test-kfake: ## brokers that are not Apache Kafka's: franz-go's kfake, built into .cache/kfake (needs Go)
	@tests/tools/prerequisites.sh build go
	@test .cache/kfake/kfake-cluster -nt tests/kfake/main.go -a .cache/kfake/kfake-cluster -nt tests/kfake/go.sum || { \
	    echo "building kfake into .cache/kfake (a minute or two)"; mkdir -p .cache/kfake; \
	    cd tests/kfake && GOFLAGS="-p=1 -buildvcs=false" go build -trimpath -ldflags '-s -w' -o ../../.cache/kfake/kfake-cluster .; }
	tests/tools/ignored-tests.sh kfake

.PHONY: test-burrow
test-burrow: ## Telegraf's reader of Burrow's API against the function, built into .cache/telegraf (needs Go)
	@tests/tools/prerequisites.sh build go
	@test .cache/telegraf/burrow-reader -nt tests/telegraf/main.go -a .cache/telegraf/burrow-reader -nt tests/telegraf/go.sum || { \
	    echo "building Telegraf's plugin into .cache/telegraf (a minute or two)"; mkdir -p .cache/telegraf; \
	    cd tests/telegraf && GOFLAGS="-p=1 -buildvcs=false" go build -trimpath -ldflags '-s -w' -o ../../.cache/telegraf/burrow-reader .; }
	tests/tools/ignored-tests.sh burrow::telegraf

# A part in Go, built where it is missing or older than what it is built from.
part = test .cache/otlp/$(1) -nt tests/otlp/$(2)/go.sum || { \
    echo "building $(1) into .cache/otlp ($(3) of CPU the first time)"; mkdir -p .cache/otlp; cd tests/otlp/$(2) && \
    GOFLAGS="-p=1 -buildvcs=false" go build -trimpath -tags remove_all_sd -ldflags '-s -w' -o ../../../.cache/otlp/$(1) $(4); }

.PHONY: test-otlp
test-otlp: ## a run in the OpenTelemetry Collector and in Prometheus, whose rules rehearse the alarms; built into .cache/otlp (needs Go; ten minutes the first time)
	@$(jars)
	@tests/tools/prerequisites.sh go
	@tests/tools/venv.sh venv-infra tests/tools/infra-requirements.txt
	@$(call part,otelsink,collector,2 minutes,.)
	@$(call part,prometheus,prometheus,3 minutes,github.com/prometheus/prometheus/cmd/prometheus)
	@$(call part,promtool,prometheus,2 minutes,github.com/prometheus/prometheus/cmd/promtool)
	@$(call part,board,board,1 minute,.)
	.cache/venv-infra/bin/python tests/otlp/receivers.py
	.cache/venv-infra/bin/python tests/otlp/alerts.py

.PHONY: grafana-picture
grafana-picture: ## infra/grafana/dashboard.png: three rehearsed hours in Prometheus, each panel drawn by matplotlib (needs Go)
	@$(jars)
	@tests/tools/prerequisites.sh go
	@tests/tools/venv.sh venv-picture tests/otlp/picture-requirements.txt
	@$(call part,prometheus,prometheus,3 minutes,github.com/prometheus/prometheus/cmd/prometheus)
	.cache/venv-picture/bin/python tests/otlp/picture.py

.PHONY: test-ministack
test-ministack: ## the CloudWatch stand-in beside MiniStack
	@tests/tools/prerequisites.sh build python
	tests/tools/ignored-tests.sh ministack

.PHONY: test-large
test-large: ## 10,000 slow partitions within CloudWatch's quota, and a group of 20,000 (some minutes)
	@tests/tools/prerequisites.sh build
	tests/tools/ignored-tests.sh watch::windows --test-threads 1

.PHONY: test-moto
test-moto: ## the references to secrets, against moto
	@tests/tools/prerequisites.sh build python
	tests/tools/ignored-tests.sh moto

.PHONY: test-readers
test-readers: ## the readers of properties, logins and stores, beside those of Java and OpenSSL
	@tests/tools/prerequisites.sh build java openssl
	tests/tools/ignored-tests.sh readers

.PHONY: fuzz
fuzz: ## the parsers with random texts, without end
	@$(build)
	@$(compile) test --no-run --locked
	@while :; do \
	    export MEERKAT_FUZZ_SEED=$$(od -An -N6 -tu8 /dev/urandom | tr -d ' ') MEERKAT_FUZZ_TIMES=3; \
	    echo "MEERKAT_FUZZ_SEED=$$MEERKAT_FUZZ_SEED"; \
	    cargo test --quiet --locked --test pure fuzz:: && cargo test --quiet --locked --lib any_; \
	done

.PHONY: test-openmetrics
test-openmetrics: ## the text for Prometheus, read by Prometheus' own parsers
	@tests/tools/prerequisites.sh build python
	tests/tools/ignored-tests.sh openmetrics

.PHONY: test-terminal
test-terminal: ## what a long run prints on a terminal
	@tests/tools/prerequisites.sh build python
	tests/tools/ignored-tests.sh on_a_terminal

.PHONY: test-shells
test-shells: ## the completions, read by zsh and fish themselves
	@tests/tools/prerequisites.sh build shells
	tests/tools/ignored-tests.sh zsh_and_fish

.PHONY: test-lambda
test-lambda: ## the events of events/ through cargo lambda, end to end
	@$(jars)
	@$(tools)
	@python3 tests/tools/lambda_end_to_end.py

.PHONY: test-deny
test-deny: ## licences and sources of the dependencies, as infra/deny.toml allows them
	@$(build)
	@python3 tests/tools/dependencies.py

.PHONY: deny
deny: ## the same by cargo-deny itself, which is built first (minutes)
	@$(call cargo_tool,cargo-deny,0.20.2)
	@.cache/cargo-deny/bin/cargo-deny --log-level error check --config infra/deny.toml bans licenses sources

.PHONY: test-docs
test-docs: ## the documentation has no broken link
	@$(build)
	@RUSTDOCFLAGS=-Dwarnings $(compile) doc --locked --no-deps --document-private-items

.PHONY: test-infra
test-infra: ## cfn-lint and sam on the template, what it contains for each way to deploy it, what its alarms do
	@tests/tools/venv.sh venv-infra tests/tools/infra-requirements.txt
	.cache/venv-infra/bin/cfn-lint infra/template.yaml infra/endpoints.yaml
	SAM_CLI_TELEMETRY=0 .cache/venv-infra/bin/sam validate --lint --template infra/template.yaml --region eu-central-1
	.cache/venv-infra/bin/python tests/infra/written.py
	.cache/venv-infra/bin/python tests/infra/check.py
	.cache/venv-infra/bin/python tests/infra/alarms.py
	.cache/venv-infra/bin/python tests/infra/terraform.py

.PHONY: test-deploy
test-deploy: ## README's sam deploy and the other ways on MiniStack: schedule, a real Kafka, metrics, updates, the way back, delete
	@$(jars)
	@tests/tools/prerequisites.sh strip
	@tests/tools/venv.sh venv-infra tests/tools/infra-requirements.txt
	@tests/tools/venv.sh venv-aws tests/tools/aws-requirements.txt
	@timeout 1800 .cache/venv-infra/bin/python tests/infra/deploy.py

.PHONY: test-emulators
test-emulators: ## rehearsed minutes with another CloudWatch as the history and the judge; the first hour's dry run
	@$(jars)
	@tests/tools/venv.sh venv-infra tests/tools/infra-requirements.txt
	@tests/tools/venv.sh venv-aws tests/tools/aws-requirements.txt
	@.cache/venv-infra/bin/python tests/emulators/rehearse.py $(EMULATORS)
	@.cache/venv-infra/bin/python tests/emulators/first_hour.py

.PHONY: first-hour
first-hour: ## what a deployed stack shows, step by step: make first-hour STACK=orders
	@python3 infra/first_hour.py $(STACK)

.PHONY: test-screenshots
test-screenshots: ## the widget and the page in a real browser
	@tests/tools/prerequisites.sh build chromium python
	@python3 tests/screenshots/take.py .cache/run/screenshots

.PHONY: screenshots
screenshots: ## the same, and the README's picture again
	@tests/tools/prerequisites.sh build chromium python
	@python3 tests/screenshots/take.py .cache/run/screenshots --keep light=infra/widget.png

.PHONY: test-container
test-container: ## the image of a static binary, built and run without a daemon
	@tests/tools/prerequisites.sh build buildah musl openssl python
	@$(call add,$(MUSL))
	@$(compile) build --locked --target $(MUSL) --bin meerkat
	@python3 tests/infra/container.py $(TARGET)/$(MUSL)/debug/meerkat

.PHONY: container
container: ## the context of infra/Containerfile, for amd64 and arm64, and the image where podman or docker is at hand
	@$(zig)
	@$(static)
	@install -D $(TARGET)/x86_64-unknown-linux-musl/release/meerkat $(TARGET)/container/amd64/meerkat
	@install -D $(TARGET)/aarch64-unknown-linux-musl/release/meerkat $(TARGET)/container/arm64/meerkat
	@cp /etc/ssl/certs/ca-certificates.crt $(TARGET)/container/
	@builder=$$(command -v podman || command -v docker || true); \
	    if [ -n "$$builder" ] && $$builder info >/dev/null 2>&1; then $$builder build --file infra/Containerfile --tag meerkat $(TARGET)/container; \
	    else echo "$(TARGET)/container is the context of infra/Containerfile; $${builder:+$$builder has no daemon to ask, so }no image was built"; fi

.PHONY: release
release: build ## static binaries and .deb for x86_64 and arm64, the Lambda zip, their dependencies (CycloneDX), SHA-256 sums
	@$(zig)
	@$(call cargo_tool,cargo-cyclonedx,0.5.9)
	@$(call cargo_tool,cargo-deb,3.8.0)
	@$(static)
	@PATH="$(CURDIR)/.cache/cargo-cyclonedx/bin:$(CURDIR)/.cache/cargo-deb/bin:$$PATH" tests/tools/release.sh $(TARGET)

.PHONY: test-release
test-release: release ## what make release made: static, runs, installs from the .deb, each sum holds; not in make test, since it takes minutes
	@tests/tools/prerequisites.sh build python qemu
	@python3 tests/infra/release.py $(TARGET)/release-files

.PHONY: test-package
test-package: ## cargo package, for crates.io: what is in it builds by itself, with the dependencies of the container's binary
	@tests/tools/prerequisites.sh build musl
	@$(call add,$(MUSL))
	@$(compile) package --locked --allow-dirty --target $(MUSL) --target-dir $(TARGET)

.PHONY: cost
cost: ## monthly cost of the metrics, compared with one metric per partition
	@$(build)
	@$(compile) build --locked --example cost
	@cargo run --quiet --locked --example cost

.PHONY: count
count: ## the code lines of src by folder: no tests, comments and blank lines
	@python3 tests/tools/count.py

.PHONY: clean
clean: ## removes build results; downloads stay in .cache/
	cargo clean
	rm -rf .cache/run
