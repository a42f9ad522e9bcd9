# One image for `zhepai serve` (default), `worker`, `index` (on the volume that `serve` reads) and
# `migrate`.
#   docker build -t zhepai .   # --build-arg SETUP=--meaning: with the model for texts' meaning
#   docker run -e ZHEPAI_DATABASE_URL=postgresql://… -e ZHEPAI_SECRET_KEY=… zhepai migrate
# Without ZHEPAI_DATABASE_URL the embedded PostgreSQL runs inside, with its data in the volume.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/zhepai --create-home zhepai
WORKDIR /srv/zhepai

# Dependencies in a layer of their own: it changes only with the locks.
COPY requirements*.lock ./
COPY scripts/setup scripts/setup
ARG SETUP=
RUN scripts/setup $SETUP && rm -rf /root/.cache

COPY . .
RUN .venv/bin/python -m compileall -q app migrations

ENV PATH="/srv/zhepai/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    ZHEPAI_HOME=/var/lib/zhepai \
    ZHEPAI_HOST=0.0.0.0 \
    ZHEPAI_PORT=8000
USER zhepai
VOLUME /var/lib/zhepai
EXPOSE 8000

# For the API; run the worker and the indexer with `--no-healthcheck`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"ZHEPAI_PORT\"]}/readyz', timeout=4)"]

CMD ["zhepai", "serve"]
