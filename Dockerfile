# Dermaboard in a container: `docker build -t dermaboard .`, then `docker compose up`. Nothing in it runs as root, and the
# root file system may be read-only: only /data is written.

FROM python:3.13.7-slim-bookworm AS packages
COPY requirements/s3.txt /tmp/
RUN python -m venv /opt/dermaboard \
    && /opt/dermaboard/bin/pip install --no-cache-dir --require-hashes -r /tmp/s3.txt

FROM python:3.13.7-slim-bookworm
COPY --from=packages /opt/dermaboard /opt/dermaboard
WORKDIR /app
COPY LICENSE NOTICE ./
COPY assets assets
COPY model model
COPY dashboard dashboard
# Compiled here, since nothing can be written later.
RUN /opt/dermaboard/bin/python -m compileall -q dashboard model \
    && useradd --uid 10001 --no-create-home dermaboard \
    && install -d -o dermaboard -g dermaboard /data
USER 10001
ENV PATH=/opt/dermaboard/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DERMABOARD_DATA_DIR=/data
VOLUME /data
EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ.get('DERMABOARD_PORT', 8050)}/health/live\", timeout=4)"]
ENTRYPOINT ["python", "-m", "dashboard"]
