# pra in a container: backups everywhere, drills where the host allows a sandbox (see compose.yaml).
#   docker build -t pra .        podman build -t pra .        buildah bud -t pra .
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv
COPY pyproject.toml README.md LICENSE /src/
COPY orchestrator /src/orchestrator
COPY restore_drills /src/restore_drills
# Compiled here: the root file system of the container may be read-only.
RUN python3 -m venv /opt/pra \
    && /opt/pra/bin/pip install --no-cache-dir --no-compile /src \
    && /opt/pra/bin/pip uninstall -y pip \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/pra/lib

FROM debian:trixie-slim
# The server's programs are wanted, to start a restored database; no cluster is made here.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/pra.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        bubblewrap ca-certificates postgresql python3 restic tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=build /opt/pra /opt/pra
# The home is the state: nothing else in the container is written to.
RUN groupadd --gid 10001 pra \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/pra --shell /usr/sbin/nologin pra \
    && install -d -m 0755 /etc/pra /data \
    && install -d -m 0700 -o pra -g pra /var/lib/pra
ENV PATH=/opt/pra/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PRA_POLICIES=/etc/pra/policies \
    PRA_STATE=/var/lib/pra
USER 10001:10001
WORKDIR /var/lib/pra
# /etc/pra: policies/ and secrets/, read-only. /var/lib/pra: the log, and drills under way.
# /data: what is backed up, mounted below it read-only.
VOLUME ["/var/lib/pra"]
HEALTHCHECK --interval=1m --timeout=20s --start-period=1m --retries=3 \
    CMD ["pra", "daemon", "--healthy"]
# One that reaps what nobody waits for: restic takes a zombie for the living owner of a lock.
ENTRYPOINT ["tini", "-s", "--", "pra"]
CMD ["daemon"]
