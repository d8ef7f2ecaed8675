# syntax=docker/dockerfile:1
# Vestibule in a small image: the program, the certificates that it believes, and nobody who is root.
#
#   docker build -t vestibule .
#   docker run --read-only -v vestibule-data:/var/lib/vestibule -v ./config:/etc/vestibule:ro -p 8080:8080 vestibule
#
# The configuration is mounted at /etc/vestibule; what has to be kept is in the one volume. In vestibule.toml the
# listeners are 0.0.0.0:8080 and 0.0.0.0:8081, or nobody outside of the container reaches them.
# dist/try-image.sh reads this file and tries what it says without a container engine.

FROM rust:1.95-bookworm AS build
# The build wants cmake; wrk and llvm-profdata are for the profile of real requests that `make dist` makes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake wrk \
 && rm -rf /var/lib/apt/lists/* \
 && rustup component add llvm-tools
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    dist/build.sh \
 && install -D -m 0755 target/dist/vestibule /out/vestibule

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 vestibule \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/vestibule --shell /usr/sbin/nologin vestibule \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/vestibule
COPY --from=build /out/vestibule /usr/local/bin/vestibule
# Where the control socket is, whatever becomes of the configuration: only the volume can be written.
ENV RUNTIME_DIRECTORY=/var/lib/vestibule
USER 10001:10001
WORKDIR /var/lib/vestibule
VOLUME ["/var/lib/vestibule"]
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["vestibule", "health", "--config", "/etc/vestibule/vestibule.toml"]
ENTRYPOINT ["vestibule"]
CMD ["serve", "--config", "/etc/vestibule/vestibule.toml"]
