# Vestibule: `make demo` shows it, `make test` tries it. Both install what is missing (Debian 12).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo quick test faults image-check unit-check test-deps build-deps bench-deps lint bench dist docs

CARGO ?= cargo
# Only root installs; anybody else is asked for a password once.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

BUILD_PACKAGES := gcc g++ make cmake pkg-config
TEST_PACKAGES := chromium chromium-driver fonts-dejavu-core python3 python3-venv openssl curl postgresql redis-server \
	dokuwiki php-cli php-cgi faketime prometheus sqlite3
BENCH_PACKAGES := nginx-light redis-server wrk nghttp2-client
# Seconds of load for each contender, size and round; medians of the rounds count.
BENCH_SECONDS ?= 4
BENCH_ROUNDS ?= 5
# Which tables: proxies, encrypted, scale, start, sign-ins; all where it is empty. And another gateway than the one built here.
BENCH_ONLY ?=
BENCH_GATEWAY ?=
# For `make faults`: another gateway than the release build of what is here.
FAULTS_GATEWAY ?=

# Installs those Debian packages of a list that are missing, and says so.
define install
missing=$$(for package in $(1); do \
	dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
if [ -n "$$missing" ]; then \
	command -v apt-get >/dev/null || { echo "Please install:" $$missing; exit 1; }; \
	echo "==> Installing" $$missing; \
	$(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=900 $$missing >/dev/null || \
	{ echo "==> Could not install:" $$missing; exit 1; }; \
fi
endef

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build-deps: ## Installs what the build needs: a C compiler and cmake
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: see https://rustup.rs"; exit 1; }
	@$(call install,$(BUILD_PACKAGES))

test-deps: build-deps ## Installs what the tests need besides: Chromium, real old applications
	@$(call install,$(TEST_PACKAGES))

bench-deps: build-deps
	@$(call install,$(BENCH_PACKAGES))

demo: build-deps ## Builds and starts the gateway in front of four sample extranets; Ctrl-C ends it
	@echo "==> Building (the first time 8 to 15 minutes on two cores, afterwards seconds)"
	@$(CARGO) build --release --locked
	@exec $(CARGO) run --release --locked --quiet -- demo

# Unit tests, the walls between modules, and what residents do, on SQLite.
quick: test-deps ## Runs the tests of the rules and of what residents do, on SQLite: under three minutes
	@echo "==> Building and running the tests (the first build takes 5 to 10 minutes on two cores)"
	@$(CARGO) test --locked --lib -- --skip on_postgres
	@$(CARGO) test --locked --test gateway -- architecture residents:: \
		--skip on_postgres --skip on_two_nodes --skip on_over

test: test-deps ## Runs all tests, those in a real browser too; pictures go to target/screenshots
	@echo "==> Building and running the tests (the first build takes 5 to 10 minutes on two cores)"
	@$(CARGO) test --locked

faults: test-deps ## Runs the rows that take long, and prints a table; some of them: ROWS="REL-047 REL-049"
	@echo "==> Building"
	@$(if $(FAULTS_GATEWAY)$(filter list,$(ROWS)),,$(CARGO) build --release --locked)
	@VESTIBULE_PROGRAM=$$(realpath $(or $(FAULTS_GATEWAY),$${CARGO_TARGET_DIR:-target}/release/vestibule)) \
		$(CARGO) test --locked --test faults -- $(ROWS)

image-check: build-deps ## Tries the Dockerfile's steps without a container engine, as root; PROGRAM=… takes a built one
	@$(SUDO) dist/try-image.sh $(PROGRAM)

unit-check: build-deps ## Tries the unit of systemd as its own user, without systemd, as root; PROGRAM=… takes a built one
	@$(if $(PROGRAM),,$(CARGO) build --release --locked)
	@$(SUDO) dist/try-unit.py $(or $(PROGRAM),$${CARGO_TARGET_DIR:-target}/release/vestibule)

lint: build-deps ## Looks at format, lints and documentation
	@echo "==> Format"
	@$(CARGO) fmt --all --check
	@echo "==> Lints"
	@$(CARGO) clippy --locked --all-targets -- -D warnings
	@echo "==> Documentation"
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items --quiet

bench: bench-deps ## Measures the gateway beside nginx and a bare proxy (release build)
	@echo "==> Building"
	@$(CARGO) bench --locked --bench proxies -- --seconds $(BENCH_SECONDS) --rounds $(BENCH_ROUNDS) \
		$(if $(BENCH_ONLY),--only $(BENCH_ONLY)) $(if $(BENCH_GATEWAY),--gateway $(BENCH_GATEWAY))

dist: build-deps ## Builds the program for production: link-time optimisation, and a profile where it can be made
	@$(call install,wrk)
	@dist/build.sh

docs: build-deps ## Builds and opens the documentation of the code
	@$(CARGO) doc --locked --no-deps --document-private-items --open
