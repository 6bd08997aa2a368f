# The images of the product. Targets: portal, workers, onec (the 1C stand-in); with -dev at the end the same from a debug
# build, with the tar and rm that `skaffold dev` copies files with.
#
# Dependencies and everything else that cargo makes stay in cache mounts, apart for dev and release: a changed line compiles its
# crate. Each package is built from its own sources only, so that an edit of the portal leaves the other images as they are.

FROM rust:1-bookworm AS rust
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates g++ make rsync && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo CARGO_TARGET_DIR=/target

# All that our programs load: the C library, certificates, and the order of name resolution. No shell, nothing to write to.
FROM rust AS files
RUN set -eu; mkdir -p /files/etc/ssl/certs; cd /files; \
    cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
    echo 'hosts: files dns' >etc/nsswitch.conf; \
    for name in libc.so.6 libm.so.6 libgcc_s.so.1; do \
      cp -L --parents "$(ldconfig -p | awk -v name="$name" '$1 == name { print $NF; exit }')" .; done; \
    cp -L --parents "$(ldd /bin/true | grep -o '/lib[^ ]*/ld-[^ ]*')" .
RUN set -eu; mkdir -p /tools; cd /tools; cp --parents /bin/tar /bin/rm .; \
    ldd /bin/tar /bin/rm | grep -oE '/[^ :]+\.so[^ ]*' | sort -u | while read -r file; do [ -e "/files$file" ] || cp -L --parents "$file" .; done

FROM scratch AS base
COPY --from=files /files /
USER 10001:10001
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.vendor="Dealer portal" org.opencontainers.image.licenses="LicenseRef-Proprietary"

# The workspace without sources: cargo wants every member to be there.
FROM rust AS workspace
COPY tests/images/compile /usr/local/bin/
WORKDIR /src
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY shared/Cargo.toml shared/
COPY portal/Cargo.toml portal/
COPY workers/Cargo.toml workers/
COPY tests/Cargo.toml tests/
COPY tests/onec/Cargo.toml tests/onec/
COPY tests/smoke/Cargo.toml tests/smoke/
COPY tests/stack/Cargo.toml tests/stack/
RUN for member in shared portal workers tests tests/onec tests/smoke tests/stack; do mkdir -p $member/src && touch $member/src/lib.rs; done

FROM workspace AS portal-sources
COPY .sqlx .sqlx
COPY shared shared
COPY assets assets
COPY portal portal

FROM workspace AS workers-sources
COPY .sqlx .sqlx
COPY shared shared
COPY assets/reports assets/reports
COPY assets/datasets assets/datasets
COPY assets/locales assets/locales
COPY assets/fonts assets/fonts
COPY workers workers

FROM workspace AS onec-sources
COPY tests/onec tests/onec
COPY tests/smoke tests/smoke

FROM portal-sources AS portal-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-release,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-portal,target=/build,sharing=locked compile release portal portal

FROM workers-sources AS workers-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-release,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-workers,target=/build,sharing=locked compile release workers extractor loader reporter migrate topics

FROM onec-sources AS onec-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-release,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-onec,target=/build,sharing=locked compile release onec onec && compile release smoke smoke

FROM portal-sources AS portal-dev-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-dev,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-portal-dev,target=/build,sharing=locked compile dev portal portal

FROM workers-sources AS workers-dev-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-dev,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-workers-dev,target=/build,sharing=locked compile dev workers extractor loader reporter migrate topics

FROM onec-sources AS onec-dev-build
RUN --mount=type=cache,id=dealer-portal-registry,target=/usr/local/cargo/registry --mount=type=cache,id=dealer-portal-dev,target=/target,sharing=locked \
    --mount=type=cache,id=dealer-portal-onec-dev,target=/build,sharing=locked compile dev onec onec && compile dev smoke smoke

# What a release and its dev twin have in common.
FROM base AS portal-base
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="portal" org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.description="Reports for dealers: the web server"
ENTRYPOINT ["/usr/local/bin/portal"]
CMD ["serve"]

FROM base AS workers-base
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="workers" org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.description="From 1C to the reports: extractor, loader, reporter, migrate"

FROM base AS onec-base
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onec" org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.description="The 1C stand-in for development, and the smoke test"
ENTRYPOINT ["/usr/local/bin/onec"]

FROM portal-base AS portal
COPY --from=portal-build /out/ /usr/local/bin/

FROM portal-base AS portal-dev
COPY --from=files /tools /
COPY --from=portal-dev-build /out/ /usr/local/bin/

FROM workers-base AS workers
COPY --from=workers-build /out/ /usr/local/bin/

FROM workers-base AS workers-dev
COPY --from=files /tools /
COPY --from=workers-dev-build /out/ /usr/local/bin/

FROM onec-base AS onec
COPY --from=onec-build /out/ /usr/local/bin/

FROM onec-base AS onec-dev
COPY --from=files /tools /
COPY --from=onec-dev-build /out/ /usr/local/bin/
